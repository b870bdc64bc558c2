//! Which member of a forecast is meant, where it is not meant by its number.

/// Which member of a forecast.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Pick {
    /// The one in the middle of all, which stands for the ensemble.
    #[default]
    Medoid,
    /// The one whose time of an event is at a percentile.
    At {
        /// Place of the event among the model's.
        event: u16,
        /// Thousandths of the members to which it happens no later: 100 is the 10 % percentile.
        permille: u16,
    },
    /// The one with this number, from 0.
    Number(u32),
}
