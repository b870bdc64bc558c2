//! How long a frame takes, for the health bar and for reports.
//!
//! The time since the last frame is not it: a browser that draws slowly lets several frames begin
//! at once and then none for seconds. The mean over some time, and over some frames, is.

use std::collections::VecDeque;
use std::time::Duration;

use bevy::prelude::*;
use bevy::time::Real;

/// The mean goes back so far,
const SPAN_S: f64 = 1.0;
/// and over so many frames at least,
const FEWEST: usize = 8;
/// and so many at most.
const MOST: usize = 512;

/// When the last frames began.
#[derive(Resource, Debug, Default)]
pub struct FrameTime {
    begun_s: VecDeque<f64>,
}

impl FrameTime {
    /// Mean time from one frame to the next; zero before there are two.
    pub fn mean(&self) -> Duration {
        let Some((first, last)) = self.begun_s.front().zip(self.begun_s.back()) else {
            return Duration::ZERO;
        };
        let mean_s = (last - first) / (self.begun_s.len() - 1).max(1) as f64;
        Duration::try_from_secs_f64(mean_s).unwrap_or_default()
    }

    /// The same in milliseconds.
    pub fn mean_ms(&self) -> f64 {
        self.mean().as_secs_f64() * 1e3
    }

    fn begin(&mut self, now_s: f64) {
        self.begun_s.push_back(now_s);
        let is_old = |at: f64| at < now_s - SPAN_S;
        while self.begun_s.len() > MOST
            || self.begun_s.len() > FEWEST + 1 && self.begun_s.get(1).is_some_and(|at| is_old(*at))
        {
            self.begun_s.pop_front();
        }
    }
}

/// Keeps [`FrameTime`].
pub fn plugin(app: &mut App) {
    app.init_resource::<FrameTime>().add_systems(First, begin.after(bevy::time::TimeSystems));
}

fn begin(time: Res<Time<Real>>, mut frame_time: ResMut<FrameTime>) {
    frame_time.begin(time.elapsed_secs_f64());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(frames: impl IntoIterator<Item = f64>) -> FrameTime {
        let mut time = FrameTime::default();
        frames.into_iter().for_each(|now_s| time.begin(now_s));
        time
    }

    #[test]
    fn frames_in_bursts_take_as_long_as_they_do_on_the_whole() {
        // Two within 20 ms, then nothing until 6 s are over.
        let bursts = (0..20).flat_map(|at| [6.0 * f64::from(at), 6.0 * f64::from(at) + 0.02]);
        let mean_ms = after(bursts).mean_ms();
        assert!((mean_ms - 3_000.0).abs() < 500.0, "{mean_ms}");
    }

    #[test]
    fn a_change_is_told_within_two_seconds() {
        let slow = (0..10).map(|at| f64::from(at) * 0.1);
        let fast = (0..120).map(|at| 1.0 + f64::from(at) / 60.0);
        let mean_ms = after(slow.chain(fast)).mean_ms();
        assert!((mean_ms - 1e3 / 60.0).abs() < 0.5, "{mean_ms}");
        assert_eq!(after([]).mean_ms(), 0.0);
        assert_eq!(after([3.0]).mean_ms(), 0.0);
    }

    #[test]
    fn it_keeps_a_bounded_number_of_frames() {
        assert!(after((0..10_000).map(|at| f64::from(at) * 1e-5)).begun_s.len() <= MOST);
    }
}
