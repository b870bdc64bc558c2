//! Who may ask for what: one pure function, asked before any command takes effect.

use bevy::prelude::*;

use crate::viewer::base::{Command, Origin};

/// Whether a command may take effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It may.
    Allowed,
    /// It may not.
    Refused {
        /// The reason, for people.
        why: String,
    },
}

/// The rule that decides.
#[derive(Resource, Clone, Copy)]
pub struct Permission(pub fn(&Command, Origin) -> Decision);

impl Default for Permission {
    fn default() -> Self {
        Self(standard)
    }
}

/// The user may do everything. Others may steer what is seen, and not change what the user keeps on
/// this machine: viewpoints, the panels' layout, the clipboard.
pub fn standard(command: &Command, by: Origin) -> Decision {
    let what = match (by, command) {
        (Origin::Remote, Command::SaveViewpoint(_) | Command::ForgetViewpoint(_)) => {
            "the user's viewpoints"
        }
        (Origin::Remote, Command::ResetLayout) => "the layout of the user's panels",
        (Origin::Remote, Command::CopyLink) => "the user's clipboard",
        _ => return Decision::Allowed,
    };
    Decision::Refused {
        why: format!("whoever steers the viewer from outside may not change {what}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_may_do_everything_and_others_may_not_change_what_the_user_keeps() {
        let keeps = [
            Command::SaveViewpoint("gate".into()),
            Command::ForgetViewpoint("gate".into()),
            Command::ResetLayout,
            Command::CopyLink,
        ];
        for command in &keeps {
            assert_eq!(standard(command, Origin::User), Decision::Allowed);
            assert!(matches!(standard(command, Origin::Remote), Decision::Refused { .. }));
        }
        for command in [Command::Select(None), Command::Follow, Command::Speed(2.0)] {
            assert_eq!(standard(&command, Origin::Remote), Decision::Allowed);
        }
    }
}
