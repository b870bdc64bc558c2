//! The commands about models: `models`, `simulate`, `calibrate`, `estimate`, `monitor`, `detect`,
//! `diagnose`, `forecast`, `score`, `optimise`.

pub mod args;
mod believe;
mod calibrate;
mod detect;
mod detect_report;
mod diagnose;
mod estimate;
mod filtering;
mod forecast;
mod forecast_page;
mod forecast_text;
mod input;
mod member;
mod models;
mod monitor;
mod optimise;
mod plot;
mod rejections;
mod rows;
mod scheduled;
mod score;
mod series;
mod simulate;

pub use calibrate::calibrate;
pub use detect::detect;
pub use diagnose::diagnose;
pub use estimate::estimate;
pub use forecast::forecast;
pub use models::models;
pub use monitor::monitor;
pub use optimise::optimise;
pub use score::score;
pub use simulate::simulate;
