//! A motor's starter: who decides, what trips it, who has locked it out.

use serde::{Deserialize, Serialize};

/// Who decides whether a machine runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// Its group or its line.
    #[default]
    Automatic,
    /// Whoever operates it.
    Manual,
}

impl Mode {
    /// Its name in commands and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Automatic => "automatic",
            Self::Manual => "manual",
        }
    }
}

/// Why a machine has tripped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// The bearing's temperature.
    BearingHot,
    /// The winding's temperature.
    WindingHot,
    /// The vibration.
    Vibration,
    /// A pump without water.
    DryRunning,
    /// A pump full of water that delivers nothing.
    NoFlow,
    /// Too high a current for too long.
    Overload,
    /// Too low a voltage.
    Undervoltage,
    /// Something is stuck.
    Jam,
    /// The hopper is empty.
    NoCaps,
    /// A crate broke or was lost.
    Crate,
    /// The gripper does not hold.
    Gripper,
    /// The guard or gate is open.
    GuardOpen,
    /// Somebody has stopped it at the machine.
    StoppedByHand,
}

impl Cause {
    /// Its name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::BearingHot => "bearing hot",
            Self::WindingHot => "winding hot",
            Self::Vibration => "vibration",
            Self::DryRunning => "dry running",
            Self::NoFlow => "no flow",
            Self::Overload => "overload",
            Self::Undervoltage => "undervoltage",
            Self::Jam => "jam",
            Self::NoCaps => "no caps",
            Self::Crate => "crate",
            Self::Gripper => "gripper",
            Self::GuardOpen => "guard open",
            Self::StoppedByHand => "stopped by hand",
        }
    }
}

/// A starter. In automatic, whoever leads the machine decides whether it runs; in manual, commands do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Starter {
    mode: Mode,
    /// In manual: it is to run.
    run: bool,
    locked_by: Option<String>,
    cause: Option<Cause>,
    acknowledged: bool,
}

impl Starter {
    /// One in that mode, ready and not started.
    pub fn new(mode: Mode) -> Self {
        Self { mode, ..Self::default() }
    }

    /// Who decides.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Why it has tripped, if it has.
    pub fn cause(&self) -> Option<Cause> {
        self.cause
    }

    /// Somebody has seen that it tripped.
    pub fn is_acknowledged(&self) -> bool {
        self.acknowledged
    }

    /// Who has locked it out.
    pub fn locked_by(&self) -> Option<&str> {
        self.locked_by.as_deref()
    }

    /// Whether it could be started: neither tripped nor locked out.
    pub fn is_ready(&self) -> bool {
        self.cause.is_none() && self.locked_by.is_none()
    }

    /// Whether it is switched on in manual.
    pub fn is_switched_on(&self) -> bool {
        self.run
    }

    /// Switches it on by hand.
    ///
    /// # Errors
    /// In automatic, tripped, locked out, or when its permit is withheld, with that reason.
    pub fn start(&mut self, withheld: Option<&str>) -> Result<(), String> {
        if self.mode == Mode::Automatic {
            return Err(
                "it is in automatic, where its group decides; set mode to manual first".into()
            );
        }
        if let Some(by) = self.locked_by() {
            return Err(format!("it is locked out by {}; who locked it unlocks it", named(by)));
        }
        if let Some(cause) = self.cause {
            return Err(format!(
                "it has tripped ({}); acknowledge and reset it first",
                cause.name()
            ));
        }
        if let Some(reason) = withheld {
            return Err(reason.to_string());
        }
        self.run = true;
        Ok(())
    }

    /// Switches it off by hand.
    ///
    /// # Errors
    /// In automatic.
    pub fn stop(&mut self) -> Result<(), String> {
        if self.mode == Mode::Automatic {
            return Err(
                "it is in automatic, where its group decides; set mode to manual first".into()
            );
        }
        self.run = false;
        Ok(())
    }

    /// Changes who decides. What runs goes on running in manual until it is stopped.
    pub fn set_mode(&mut self, mode: Mode) {
        self.mode = mode;
    }

    /// Keeps in manual what automatic wanted, so that a change of mode stops and starts nothing. Blocks
    /// call it in each step.
    pub fn runs(&mut self, wanted_by_automatic: bool, withheld: bool) -> bool {
        if self.mode == Mode::Automatic {
            self.run = wanted_by_automatic && self.is_ready() && !withheld;
        } else if withheld || !self.is_ready() {
            self.run = false;
        }
        self.run
    }

    /// Trips it; the first cause stands.
    pub fn trip(&mut self, cause: Cause) {
        if self.cause.is_none() {
            self.cause = Some(cause);
            self.acknowledged = false;
            self.run = false;
        }
    }

    /// Somebody at the machine has seen the trip.
    ///
    /// # Errors
    /// When it has not tripped.
    pub fn acknowledge(&mut self) -> Result<(), String> {
        if self.cause.is_none() {
            return Err("it has not tripped: there is nothing to acknowledge".into());
        }
        self.acknowledged = true;
        Ok(())
    }

    /// Makes it ready again after a trip.
    ///
    /// # Errors
    /// When it has not tripped, is not acknowledged, does not stand still, or its cause is not gone.
    pub fn reset(&mut self, standing: bool, cause_is_gone: bool) -> Result<(), String> {
        let Some(cause) = self.cause else {
            return Err("it has not tripped: there is nothing to reset".into());
        };
        let cause = cause.name();
        if !self.acknowledged {
            return Err(format!("its trip ({cause}) is not acknowledged; acknowledge it first"));
        }
        if !standing {
            return Err("it still turns; wait until it stands".into());
        }
        if !cause_is_gone {
            return Err(format!("what it tripped for is still so: {cause}"));
        }
        self.cause = None;
        self.acknowledged = false;
        Ok(())
    }

    /// Makes it ready again without anybody: what returns by itself when the voltage does.
    pub fn reset_undervoltage(&mut self) {
        if self.cause == Some(Cause::Undervoltage) {
            (self.cause, self.acknowledged) = (None, false);
        }
    }

    /// Locks it out, so that it can be worked on.
    ///
    /// # Errors
    /// When it turns, nobody says who locks it, or somebody else has locked it.
    pub fn lock(&mut self, by: &str, standing: bool) -> Result<(), String> {
        if by.is_empty() {
            return Err("who locks it out? Send {\"value\": true, \"by\": \"NAME\"}".into());
        }
        if let Some(other) = self.locked_by().filter(|other| *other != by) {
            return Err(format!("it is locked out by {} already", named(other)));
        }
        if !standing {
            return Err("it turns; stop it first".into());
        }
        self.locked_by = Some(by.to_string());
        self.run = false;
        Ok(())
    }

    /// Ends a lock-out.
    ///
    /// # Errors
    /// When it is not locked out, or by somebody else.
    pub fn unlock(&mut self, by: &str) -> Result<(), String> {
        match self.locked_by() {
            None => Err("it is not locked out".into()),
            Some(other) if other != by => {
                Err(format!("it is locked out by {}, who alone unlocks it", named(other)))
            }
            Some(_) => {
                self.locked_by = None;
                Ok(())
            }
        }
    }
}

/// Who it is, in quotes.
fn named(by: &str) -> String {
    format!("{by:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_automatic_the_group_decides_and_in_manual_the_operator() {
        let mut starter = Starter::default();
        assert!(starter.start(None).expect_err("it is refused").contains("automatic"));
        assert!(starter.runs(true, false) && !starter.runs(false, false));
        assert!(starter.runs(true, false));
        starter.set_mode(Mode::Manual);
        assert!(starter.runs(false, false), "a change of mode stops nothing");
        starter.stop().expect("in manual");
        assert!(!starter.runs(true, false));
        assert_eq!(starter.start(Some("TK-101 is below 5 %")), Err("TK-101 is below 5 %".into()));
        starter.start(None).expect("nothing withheld");
        assert!(starter.runs(false, false));
        assert!(!starter.runs(false, true), "an interlock stops it");
        assert!(!starter.runs(false, false), "and it does not start by itself");
    }

    #[test]
    fn a_trip_is_reset_after_it_was_acknowledged_stands_and_its_cause_is_gone() {
        let mut starter = Starter::new(Mode::Manual);
        assert!(starter.reset(true, true).is_err() && starter.acknowledge().is_err());
        starter.start(None).expect("ready");
        starter.trip(Cause::BearingHot);
        starter.trip(Cause::Vibration);
        assert_eq!(starter.cause(), Some(Cause::BearingHot));
        assert!(!starter.runs(true, false));
        assert!(starter.start(None).expect_err("it is refused").contains("bearing hot"));
        assert!(starter.reset(true, true).expect_err("it is refused").contains("acknowledge"));
        starter.acknowledge().expect("it has tripped");
        assert!(starter.reset(false, true).expect_err("it is refused").contains("turns"));
        assert!(starter.reset(true, false).expect_err("it is refused").contains("still so"));
        starter.reset(true, true).expect("all is well");
        assert!(!starter.runs(true, false), "it waits for a start");
        starter.start(None).expect("ready");
        starter.trip(Cause::Undervoltage);
        starter.reset_undervoltage();
        assert!(starter.is_ready());
    }

    #[test]
    fn what_is_locked_out_does_not_start_and_only_who_locked_it_unlocks_it() {
        let mut starter = Starter::new(Mode::Manual);
        assert!(starter.lock("", true).expect_err("it is refused").contains("who"));
        assert!(starter.lock("eva", false).expect_err("it is refused").contains("stop it first"));
        starter.lock("eva", true).expect("it stands");
        assert!(starter.start(None).expect_err("it is refused").contains("eva"));
        assert!(starter.lock("tom", true).expect_err("it is refused").contains("eva"));
        assert!(starter.unlock("tom").expect_err("it is refused").contains("eva"));
        starter.set_mode(Mode::Automatic);
        assert!(!starter.runs(true, false), "in automatic neither");
        starter.unlock("eva").expect("it was hers");
        assert!(starter.runs(true, false));
        assert!(starter.unlock("eva").is_err());
    }
}
