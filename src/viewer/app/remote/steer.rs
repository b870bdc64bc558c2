//! Requests become commands and changes.

use bevy::ecs::system::SystemParam;
use bevy::prelude::*;

use super::channel::Remote;
use super::protocol::Request;
use super::refusals::Refusals;
use super::report::ReportRequested;
use crate::twin::{AssetId, Twin, Viewpoint, nearest};
use crate::viewer::app::link::{Link, LinkCamera};
use crate::viewer::app::open::Opened;
use crate::viewer::base::{
    Command, CommandRequest, Notice, Origin, Seen, Severity, TwinDefinition,
};

/// Requests that are taken in a frame.
const A_FRAME: usize = 32;

/// What a request may change.
#[derive(SystemParam)]
pub(super) struct Steered<'w> {
    twin: Res<'w, TwinDefinition>,
    seen: ResMut<'w, Seen>,
    report: ResMut<'w, ReportRequested>,
    opened: ResMut<'w, Opened>,
    requests: MessageWriter<'w, CommandRequest>,
    problems: MessageWriter<'w, Notice>,
}

pub(super) fn take(remote: Res<Remote>, mut refusals: ResMut<Refusals>, mut steered: Steered) {
    for request in remote.requests.try_iter().take(A_FRAME) {
        if let Err(refusal) = steered.take(request) {
            log::warn!("refused: {refusal}");
            refusals.push(refusal);
        }
    }
}

impl Steered<'_> {
    fn take(&mut self, request: Request) -> Result<(), String> {
        match request {
            Request::Select(None) => self.ask(Command::Select(None)),
            Request::Select(Some(name)) => {
                let asset = find(&self.twin.0, &name)?;
                self.ask(Command::Select(Some(asset)));
            }
            Request::FlyTo(name) => {
                let asset = find(&self.twin.0, &name)?;
                self.ask(Command::FlyTo(asset));
            }
            Request::Seek(at) => {
                let time = at.read()?;
                self.ask(Command::Seek(time));
            }
            Request::Follow => self.ask(Command::Follow),
            Request::Play(on) => self.ask(Command::Play(on)),
            Request::Speed(speed) if speed.is_finite() && speed > 0.0 => {
                self.ask(Command::Speed(speed));
            }
            Request::Speed(speed) => {
                return Err(format!("{speed} is no speed: expected a number above 0"));
            }
            Request::View(name) => {
                let at = viewpoint(&self.twin.0, &name)?;
                self.ask(Command::Viewpoint(at));
            }
            Request::Camera { eye, target, parallel } => {
                let name = String::new();
                self.ask(Command::LookFrom(Viewpoint {
                    name,
                    eye,
                    target,
                    orthographic: parallel,
                }));
            }
            Request::Theme(choice) => self.ask(Command::Theme(choice)),
            Request::Link(text) => self.link(&text)?,
            Request::Open(files) => self.opened.0.extend(files),
            Request::Seen(seen) => {
                if self.seen.0 != seen {
                    self.seen.0 = seen;
                }
            }
            // Sent with the events, when all of the frame is known.
            Request::Report => self.report.0 = true,
        }
        Ok(())
    }

    fn ask(&mut self, command: Command) {
        self.requests.write(command.by(Origin::Remote));
    }

    /// Shows what a link says; what of it cannot be becomes a notice too, since the user may have typed it.
    fn link(&mut self, text: &str) -> Result<(), String> {
        let (link, mut wrong) = Link::parse(text);
        match link.asset.as_deref().map(|name| find(&self.twin.0, name)) {
            Some(Ok(asset)) => self.ask(Command::Select(Some(asset))),
            Some(Err(error)) => wrong.push(error),
            None => {}
        }
        match &link.camera {
            Some(LinkCamera::Named(name)) => match viewpoint(&self.twin.0, name) {
                Ok(at) => self.ask(Command::Viewpoint(at)),
                Err(error) => wrong.push(error),
            },
            Some(LinkCamera::Placed(place)) => self.ask(Command::LookFrom(place.clone())),
            None => {}
        }
        if let Some(time) = link.time {
            self.ask(Command::Seek(time));
        }
        if wrong.is_empty() {
            return Ok(());
        }
        let refusal = wrong.join("; ");
        self.problems.write(Notice::new(Severity::Warning, refusal.as_str()));
        Err(refusal)
    }
}

fn find(twin: &Twin, name: &str) -> Result<AssetId, String> {
    twin.asset_by_name.get(name).copied().ok_or_else(|| {
        let names = twin.assets.iter().map(|asset| &*asset.path);
        unknown("asset", name, names)
    })
}

fn viewpoint(twin: &Twin, name: &str) -> Result<usize, String> {
    let found = twin.viewpoints.iter().position(|viewpoint| viewpoint.name == name);
    found.ok_or_else(|| {
        unknown("viewpoint", name, twin.viewpoints.iter().map(|viewpoint| &*viewpoint.name))
    })
}

fn unknown<'a>(what: &str, wanted: &str, names: impl Iterator<Item = &'a str> + Clone) -> String {
    let rest = match nearest(wanted, names.clone()) {
        Some(nearest) => format!("; the nearest is `{nearest}`"),
        None if names.count() == 0 => ", and none at all".to_owned(),
        None => String::new(),
    };
    format!("the twin has no {what} `{wanted}`{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_not_there_is_answered_with_the_nearest() {
        let refusal = unknown("asset", "P-110", ["P-101", "TK-1"].into_iter());
        assert_eq!(refusal, "the twin has no asset `P-110`; the nearest is `P-101`");
    }
}
