//! Links to a view: what is looked at and from where, as the part of an address after `#`.
//!
//! `#twin=files/plant.ron&asset=Site/Utilities/P-101&camera=12,8,9,0,1,0&time=2026-11-23T12:00:00Z`.
//! Words that this version does not know are kept, so that a newer page's links survive an older one.

use form_urlencoded::{Serializer, parse};

use crate::twin::{Timestamp, Viewpoint};

/// What a link says; every part may be missing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Link {
    /// The twin file, relative to the page.
    pub twin: Option<String>,
    /// The broker's address, without user and password.
    pub broker: Option<String>,
    /// Path of the selected asset.
    pub asset: Option<String>,
    /// Where the camera stands.
    pub camera: Option<LinkCamera>,
    /// An instant of the past; without it the view follows the plant.
    pub time: Option<Timestamp>,
    /// What this version does not know, in order.
    pub others: Vec<(String, String)>,
}

/// Where a link looks from.
#[derive(Clone, Debug, PartialEq)]
pub enum LinkCamera {
    /// A viewpoint by its name.
    Named(String),
    /// A place of its own.
    Placed(Viewpoint),
}

impl Link {
    /// Reads the part of an address after `#`; with it or without. What makes no sense is reported
    /// in the second part, a sentence each, and left out.
    pub fn parse(fragment: &str) -> (Self, Vec<String>) {
        let mut link = Self::default();
        let mut wrong = Vec::new();
        for (key, value) in parse(fragment.trim_start_matches('#').as_bytes()) {
            let value = value.into_owned();
            match &*key {
                _ if value.is_empty() => {}
                "twin" => link.twin = Some(value),
                "broker" => link.broker = Some(value),
                "asset" => link.asset = Some(value),
                "view" => link.camera = Some(LinkCamera::Named(value)),
                "camera" => match placed(&value) {
                    Some(viewpoint) => link.camera = Some(LinkCamera::Placed(viewpoint)),
                    None => wrong.push(format!(
                        "the link's camera `{value}` is not six numbers (eye x,y,z and target \
                         x,y,z in metres)"
                    )),
                },
                "time" => match value.parse::<jiff::Timestamp>() {
                    Ok(time) => link.time = Some(Timestamp(time.as_microsecond())),
                    Err(_) => wrong.push(format!(
                        "the link's time `{value}` is no time such as 2026-11-23T12:00:00Z"
                    )),
                },
                _ => link.others.push((key.into_owned(), value)),
            }
        }
        (link, wrong)
    }

    /// As it stands after the `#` of an address.
    pub fn format(&self) -> String {
        let mut out = Serializer::new(String::new());
        let mut add = |key: &str, value: Option<&str>| {
            value.map(|value| out.append_pair(key, value));
        };
        add("twin", self.twin.as_deref());
        add("broker", self.broker.as_deref());
        add("asset", self.asset.as_deref());
        match &self.camera {
            None => {}
            Some(LinkCamera::Named(name)) => add("view", Some(name)),
            Some(LinkCamera::Placed(place)) => add("camera", Some(&numbers(place))),
        }
        let stamp = |time: Timestamp| match jiff::Timestamp::from_microsecond(time.0) {
            Ok(stamp) => stamp.to_string(),
            Err(_) => time.to_string(),
        };
        add("time", self.time.map(stamp).as_deref());
        self.others.iter().for_each(|(key, value)| add(key, Some(value)));
        // Slashes and commas are allowed there, and read better.
        out.finish().replace("%2F", "/").replace("%2C", ",").replace("%3A", ":")
    }
}

/// `ex,ey,ez,tx,ty,tz` in metres, and `,parallel`.
pub(super) fn placed(text: &str) -> Option<Viewpoint> {
    let (text, orthographic) = match text.strip_suffix(",parallel") {
        Some(rest) => (rest, true),
        None => (text, false),
    };
    let all: Vec<f64> =
        text.split(',').map(|one| one.trim().parse().ok()).collect::<Option<_>>()?;
    let [ex, ey, ez, tx, ty, tz] = all.try_into().ok()?;
    let [eye, target] = [[ex, ey, ez], [tx, ty, tz]];
    let sensible = |at: &[f64; 3]| at.iter().all(|metres: &f64| metres.abs() < 1e6);
    let apart = eye != target;
    (sensible(&eye) && sensible(&target) && apart).then(|| Viewpoint {
        name: String::new(),
        eye,
        target,
        orthographic,
    })
}

/// The inverse of [`placed`], to the millimetre.
fn numbers(place: &Viewpoint) -> String {
    let metres = |metres: &f64| format!("{}", (metres * 1e3).round() / 1e3);
    let mut all: Vec<_> = place.eye.iter().chain(&place.target).map(metres).collect();
    if place.orthographic {
        all.push("parallel".into());
    }
    all.join(",")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_link_says_what_is_looked_at_in_words_that_people_can_read() {
        let link = Link {
            asset: Some("Site/Utilities/P-101".into()),
            camera: Some(LinkCamera::Placed(Viewpoint {
                name: String::new(),
                eye: [12.0, 8.5, -9.0004],
                target: [0.0, 1.0, 0.0],
                orthographic: true,
            })),
            time: Some(Timestamp(1_772_366_400_000_000)),
            ..Link::default()
        };
        let text = "asset=Site/Utilities/P-101&camera=12,8.5,-9,0,1,0,parallel\
                    &time=2026-03-01T12:00:00Z";
        assert_eq!(link.format(), text);
    }

    #[test]
    fn what_makes_no_sense_is_reported_and_the_rest_is_used() {
        let (link, wrong) = Link::parse("#camera=1,2,x&asset=P-1&time=noon&camera=0,0,0,0,0,0");
        assert_eq!(link.asset.as_deref(), Some("P-1"));
        assert_eq!((link.camera, link.time), (None, None));
        assert_eq!(wrong.len(), 3);
        assert!(wrong[0].contains("1,2,x") && wrong[1].contains("noon"), "{wrong:?}");
    }

    #[test]
    fn words_of_a_newer_version_are_kept() {
        let (link, wrong) = Link::parse("branch=what%20if&asset=A%26B");
        assert_eq!(link.others, [("branch".into(), "what if".into())]);
        assert_eq!(link.asset.as_deref(), Some("A&B"));
        assert!(wrong.is_empty());
        assert_eq!(Link::parse(&link.format()).0, link);
    }

    proptest! {
        #[test]
        fn a_link_is_read_as_it_was_written(
            asset in "[^\u{0}]{1,20}",
            view in proptest::option::of("[^\u{0}]{1,10}"),
            micros in proptest::option::of(0_i64..4_000_000_000_000_000),
            broker in proptest::option::of("wss?://[a-z]{1,8}:[0-9]{2,4}/mqtt"),
        ) {
            let link = Link {
                asset: Some(asset),
                camera: view.map(LinkCamera::Named),
                time: micros.map(Timestamp),
                broker,
                ..Link::default()
            };
            prop_assert_eq!(Link::parse(&link.format()), (link, vec![]));
        }

        #[test]
        fn no_fragment_makes_it_fail(text in ".{0,200}") {
            Link::parse(&text);
        }
    }
}
