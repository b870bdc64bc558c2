//! What is wrong with a twin's `simulation` section, without running it.

use super::section::read;
use super::{Mistake, Setup, Simulation};
use crate::twin::{Timestamp, Twin};

/// What is to be said of a section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Because of these it cannot be simulated.
    pub mistakes: Vec<Mistake>,
    /// It can be simulated, and something of it is not as it looks.
    pub notices: Vec<Mistake>,
}

impl Checked {
    /// Of a twin's section and of its story; nothing of a twin without a section.
    pub fn of(twin: &Twin) -> Self {
        let mut all = Self::default();
        let Some(source) = &twin.simulation else { return all };
        let has_story = match read(source) {
            Ok(spec) => spec.story.is_some(),
            Err(mistakes) => return Self { mistakes, ..all },
        };
        for story in [false, true] {
            if story && !has_story {
                break;
            }
            let setup = Setup { seed: 1, start: Timestamp(0), story };
            let checked = match Simulation::wired(twin, setup) {
                Ok((_, notices)) => Self { notices, ..Self::default() },
                Err(mistakes) => Self { mistakes, ..Self::default() },
            };
            for (from, to) in
                [(checked.mistakes, &mut all.mistakes), (checked.notices, &mut all.notices)]
            {
                for mistake in from {
                    if !to.contains(&mistake) {
                        to.push(mistake);
                    }
                }
            }
        }
        all
    }
}
