//! The catalogue of what can go wrong: names, what their severity and size mean, how they come and go.

use serde::{Deserialize, Serialize};

/// The largest size of a fault whose size is a time, s: three years.
const MOST_S: f64 = 1e8;
/// The largest size of any other fault, in its unit.
const MOST_SIZE: f64 = 1e12;

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Fault {
    /// An instrument tells the same value all the time.
    Stuck,
    /// An instrument moves away from the true value.
    Drift,
    /// An instrument is noisy.
    Noise,
    /// An instrument tells nothing now and then.
    Dropout,
    /// An instrument is off by a constant.
    Bias,
    /// An instrument tells in another unit than it says.
    Unit,
    /// A line leaks.
    Leak,
    /// Something is in the way of the flow.
    Blockage,
    /// A pump cavitates.
    Cavitation,
    /// A bearing is damaged.
    Bearing,
    /// An impeller is worn.
    Impeller,
    /// A shaft is out of line.
    Misalignment,
    /// The rollers of a belt run hard.
    Idler,
    /// The gear of an axis is worn.
    Gear,
    /// A heat exchanger is dirty.
    Fouling,
    /// A valve sticks.
    Stiction,
    /// Bottles are stuck.
    Jam,
    /// The capper has no caps.
    NoCaps,
    /// A crate breaks.
    BrokenCrate,
    /// A gripper does not hold.
    Gripper,
    /// Something stands in a vehicle's way.
    Obstacle,
    /// A protection trips without a cause.
    Trip,
    /// The mains dip.
    Dip,
    /// A battery holds less.
    Battery,
    /// Messages do not come through.
    NetworkLoss,
    /// A clock is wrong.
    ClockJump,
}

/// What the catalogue says of a fault.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct About {
    /// Which it is.
    pub fault: Fault,
    /// Its name in sections and messages.
    pub name: &'static str,
    /// What can have it.
    pub of: &'static str,
    /// What its severity of 1 means.
    pub severity: &'static str,
    /// Unit and meaning of its size, where it has one.
    pub size: Option<(&'static str, &'static str)>,
    /// Time in which it comes and goes, unless stated otherwise, s.
    pub ramp_s: f64,
    /// Time for which it stays, unless stated otherwise, s; `None`: until it is cleared.
    pub for_s: Option<f64>,
}

const fn about(
    fault: Fault,
    name: &'static str,
    of: &'static str,
    severity: &'static str,
    size: Option<(&'static str, &'static str)>,
    (ramp_s, for_s): (f64, Option<f64>),
) -> About {
    About { fault, name, of, severity, size, ramp_s, for_s }
}

/// Every fault, in the order of the enumeration.
static CATALOGUE: [About; 26] = [
    about(
        Fault::Stuck,
        "stuck",
        "an instrument: asset.property",
        "tells the same value all the time (above 0.5)",
        None,
        (0.0, Some(120.0)),
    ),
    about(
        Fault::Drift,
        "drift",
        "an instrument: asset.property",
        "a fifth of the property's range away, unless a size is stated",
        Some(("the property's", "how far it goes away")),
        (600.0, Some(600.0)),
    ),
    about(
        Fault::Noise,
        "noise",
        "an instrument: asset.property",
        "noise of a twentieth of the property's range, unless a size is stated",
        Some(("the property's", "standard deviation of the noise")),
        (0.0, Some(120.0)),
    ),
    about(
        Fault::Dropout,
        "dropout",
        "an instrument: asset.property",
        "this share of its values is missing",
        None,
        (0.0, Some(30.0)),
    ),
    about(
        Fault::Bias,
        "bias",
        "an instrument: asset.property",
        "off by a tenth of the property's range, unless a size is stated",
        Some(("the property's", "how far it is off")),
        (0.0, None),
    ),
    about(
        Fault::Unit,
        "unit",
        "an instrument: asset.property",
        "tells in another unit (above 0.5): psi for bar, °F for °C, gallons for m³, feet for m, inches for mm, horsepower for kW, MJ for kWh, turns a second for a minute, a share for %, else a thousandfold",
        None,
        (0.0, None),
    ),
    about(
        Fault::Leak,
        "leak",
        "a line",
        "a fifth of its flow runs out before it arrives",
        None,
        (10.0, None),
    ),
    about(
        Fault::Blockage,
        "blockage",
        "a line, or the suction of a pump",
        "nearly shut",
        None,
        (60.0, Some(300.0)),
    ),
    about(
        Fault::Cavitation,
        "cavitation",
        "a pump",
        "the suction lacks 4 m of head",
        None,
        (10.0, Some(120.0)),
    ),
    about(Fault::Bearing, "bearing", "a pump", "destroyed", None, (60.0, None)),
    about(
        Fault::Impeller,
        "impeller",
        "a pump",
        "a quarter of its head is lost",
        None,
        (60.0, None),
    ),
    about(
        Fault::Misalignment,
        "misalignment",
        "a pump",
        "vibrates by 4 mm/s of its own (squares add), and its bearing wears three times as fast",
        None,
        (0.0, None),
    ),
    about(Fault::Idler, "idler", "a belt drive", "needs twice its power", None, (60.0, None)),
    about(
        Fault::Gear,
        "gear",
        "an axis of a robot",
        "has four times its friction",
        None,
        (60.0, None),
    ),
    about(
        Fault::Fouling,
        "fouling",
        "a heat exchanger",
        "passes on 55 % of the heat",
        None,
        (60.0, None),
    ),
    about(
        Fault::Stiction,
        "stiction",
        "a valve",
        "sticks within 6 % of its stroke",
        None,
        (0.0, None),
    ),
    about(Fault::Jam, "jam", "a line of bottles", "stands (above 0.5)", None, (0.0, Some(25.0))),
    about(
        Fault::NoCaps,
        "no caps",
        "a capper",
        "its hopper gets no caps (above 0.5)",
        None,
        (0.0, Some(60.0)),
    ),
    about(
        Fault::BrokenCrate,
        "broken crate",
        "a crate conveyor",
        "the foremost crate breaks (above 0.5)",
        None,
        (0.0, Some(1.0)),
    ),
    about(
        Fault::Gripper,
        "gripper",
        "a robot",
        "does not grip (above 0.5)",
        None,
        (0.0, Some(30.0)),
    ),
    about(
        Fault::Obstacle,
        "obstacle",
        "a vehicle",
        "its way is not free (above 0.5)",
        None,
        (0.0, Some(30.0)),
    ),
    about(
        Fault::Trip,
        "trip",
        "a motor",
        "its overload protection trips (above 0.5)",
        None,
        (0.0, Some(1.0)),
    ),
    about(
        Fault::Dip,
        "dip",
        "the mains",
        "no voltage; less is a lower one",
        None,
        (0.0, Some(3.0)),
    ),
    about(
        Fault::Battery,
        "battery",
        "an uninterruptible supply",
        "holds a tenth of its capacity",
        None,
        (0.0, None),
    ),
    about(
        Fault::NetworkLoss,
        "network loss",
        "an asset, or the whole plant",
        "no message comes through (above 0.5)",
        Some(("s", "how much of what was not sent is sent late; 0: nothing")),
        (0.0, Some(30.0)),
    ),
    about(
        Fault::ClockJump,
        "clock jump",
        "an asset, or the whole plant",
        "its stamps are wrong by an hour, unless a size is stated (above 0.5)",
        Some(("s", "by how much its stamps are wrong; negative: they are too early")),
        (0.0, Some(60.0)),
    ),
];

impl Fault {
    /// What the catalogue says of every fault.
    pub fn catalogue() -> &'static [About] {
        &CATALOGUE
    }

    /// What the catalogue says of it.
    pub fn about(self) -> &'static About {
        &CATALOGUE[self as usize]
    }

    /// Its name in sections and messages.
    pub fn name(self) -> &'static str {
        self.about().name
    }

    /// The severity above which it does something.
    pub fn acts_above(self) -> f64 {
        match self {
            Self::Stuck
            | Self::Unit
            | Self::Jam
            | Self::NoCaps
            | Self::BrokenCrate
            | Self::Gripper
            | Self::Obstacle
            | Self::Trip
            | Self::NetworkLoss
            | Self::ClockJump => 0.5,
            _ => 0.0,
        }
    }

    /// Whether its size can be so.
    ///
    /// # Errors
    /// What was expected.
    pub fn check_size(self, size: f64) -> Result<(), String> {
        let unit = self.about().size.map_or("", |(unit, _)| unit);
        let (most, unit) = if unit == "s" { (MOST_S, "s") } else { (MOST_SIZE, "in its unit") };
        let least = if matches!(self, Self::Noise | Self::NetworkLoss) { 0.0 } else { -most };
        match (least..=most).contains(&size) {
            true => Ok(()),
            false => Err(format!("the size is {size}; expected {least} to {most} {unit}")),
        }
    }

    /// The fault of that name.
    pub fn named(name: &str) -> Option<Self> {
        CATALOGUE.iter().find(|about| about.name == name).map(|about| about.fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shows_only_above_a_severity_says_so() {
        for about in Fault::catalogue() {
            let says_so = about.severity.contains("(above 0.5)");
            assert_eq!(says_so, about.fault.acts_above() > 0.0, "{}", about.name);
        }
    }

    #[test]
    fn every_fault_has_its_own_place_and_name() {
        for (at, about) in Fault::catalogue().iter().enumerate() {
            assert_eq!(about.fault as usize, at, "{}", about.name);
            assert_eq!(Fault::named(about.name), Some(about.fault));
        }
        assert_eq!(Fault::named("rust"), None);
    }

    #[test]
    fn every_fault_is_in_the_documents_with_what_it_means() {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/plant.md");
        let text = std::fs::read_to_string(file).expect("the document");
        for About { name, of, severity, .. } in Fault::catalogue() {
            let row = format!("| `{name}` | {of} | {severity}");
            assert!(text.contains(&row), "docs/plant.md has no row that begins with {row:?}");
        }
    }
}
