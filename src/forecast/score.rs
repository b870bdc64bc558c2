//! How good forecasts were, once their events have come: the metrics of the field.
//!
//! A. Saxena, J. Celaya, B. Saha, S. Saha, K. Goebel, "Metrics for Offline Evaluation of Prognostic
//! Performance", Int. J. Prognostics and Health Management 1 (2010); the continuous ranked
//! probability score after T. Gneiting, A. E. Raftery, "Strictly Proper Scoring Rules, Prediction,
//! and Estimation", J. Am. Stat. Assoc. 102 (2007).

use serde::Serialize;

use super::correction::PastForecast;

impl PastForecast {
    /// The median of the forecast time; `None`: beyond the horizon.
    pub fn median_s(&self) -> Option<f64> {
        self.quantile_s(0.5)
    }

    /// A quantile of the forecast time; `None`: beyond the horizon.
    pub fn quantile_s(&self, probability: f64) -> Option<f64> {
        let place = probability * (self.members as f64 - 1.0);
        let low = libm::floor(place) as usize;
        let (first, share) = (self.remaining_s.get(low)?, place - low as f64);
        let next = if share > 0.0 { self.remaining_s.get(low + 1)? } else { first };
        Some(first + (next - first) * share)
    }

    /// Forecast probability that the event comes within `alpha` of the true remaining time, a share of
    /// it: by the alpha–lambda criterion it is `beta` at least.
    pub fn mass_within(&self, alpha: f64) -> f64 {
        self.mass_between(self.came_s * (1.0 - alpha), self.came_s * (1.0 + alpha))
    }

    fn mass_between(&self, low_s: f64, high_s: f64) -> f64 {
        let from = self.remaining_s.partition_point(|time| *time < low_s);
        let to = self.remaining_s.partition_point(|time| *time <= high_s);
        to.saturating_sub(from) as f64 / self.members.max(1) as f64
    }

    /// 1 less the error of the median as a share of the true remaining time.
    pub fn relative_accuracy(&self) -> Option<f64> {
        self.median_s().map(|median| 1.0 - (self.came_s - median).abs() / self.came_s)
    }

    /// Whether the central interval of a probability holds the true time.
    pub fn covers(&self, probability: f64) -> bool {
        let tail = (1.0 - probability) / 2.0;
        let early = self.quantile_s(tail).is_some_and(|low| low <= self.came_s);
        early && self.quantile_s(1.0 - tail).is_none_or(|high| self.came_s <= high)
    }

    /// Continuous ranked probability score in seconds: the mean error of a forecast that is certain,
    /// less for one with a well-chosen spread. Members beyond the horizon count as at it.
    pub fn crps_s(&self) -> f64 {
        let beyond = self.members.saturating_sub(self.remaining_s.len());
        let all = self.remaining_s.iter().copied();
        let all: Vec<f64> = all.chain(std::iter::repeat_n(self.horizon_s, beyond)).collect();
        let count = all.len().max(1) as f64;
        let error: f64 = all.iter().map(|time| (time - self.came_s).abs()).sum();
        // In order, so that each is so often larger and so often smaller than another.
        let weight = |at: usize| 2.0 * at as f64 - count + 1.0;
        let spread: f64 = all.iter().enumerate().map(|(at, time)| weight(at) * time).sum();
        error / count - spread / (count * count)
    }
}

/// Which performance is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Wanted {
    /// Within this share of the true remaining time…
    pub alpha: f64,
    /// … with this probability at least …
    pub beta: f64,
    /// … at this share of the time from the first forecast to the event.
    pub lambda: f64,
    /// Probability of the interval whose coverage is computed.
    pub interval: f64,
}

impl Default for Wanted {
    fn default() -> Self {
        Self { alpha: 0.2, beta: 0.5, lambda: 0.5, interval: 0.9 }
    }
}

/// All forecasts of one event, in the order in which they were made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Track {
    /// When it came, in seconds.
    pub came_s: f64,
    /// When each forecast was made, in seconds, and the forecast.
    pub forecasts: Vec<(f64, PastForecast)>,
}

/// How good they were.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Score {
    /// Forecasts.
    pub forecasts: usize,
    /// Time in seconds of the forecast to which alpha–lambda is applied: the last one at lambda.
    pub at_lambda_s: f64,
    /// Its probability that the event comes within alpha.
    pub mass_within_alpha: f64,
    /// Whether that is beta at least.
    pub alpha_lambda: bool,
    /// How long before the event a forecast first had a probability of beta at least within alpha of the
    /// whole time; `None`: none had.
    pub prognostic_horizon_s: Option<f64>,
    /// Whether all later ones had it, too.
    pub horizon_lasts: bool,
    /// Mean of the relative accuracies.
    pub cumulative_relative_accuracy: Option<f64>,
    /// How soon the errors of the median become small: distance in seconds of the middle of the area
    /// under them from the first forecast; smaller is better.
    pub convergence_s: Option<f64>,
    /// Mean continuous ranked probability score in seconds.
    pub crps_s: f64,
    /// Share of the intervals that held it.
    pub coverage: f64,
}

impl Track {
    /// The forecast that was the last one at a share of the time from the first to the event.
    pub fn at(&self, lambda: f64) -> Option<&(f64, PastForecast)> {
        let begin_s = self.forecasts.first()?.0;
        let wanted_s = begin_s + lambda * (self.came_s - begin_s);
        self.forecasts.iter().rfind(|(made_s, _)| *made_s <= wanted_s)
    }

    /// How good they were; `None` where there is no forecast.
    pub fn score(&self, wanted: &Wanted) -> Option<Score> {
        let (at_lambda_s, judged) = self.at(wanted.lambda)?;
        let mass = judged.mass_within(wanted.alpha);
        let first = self.forecasts.iter().position(|each| self.is_good(each, wanted));
        let lasts =
            |from: usize| self.forecasts[from..].iter().all(|each| self.is_good(each, wanted));
        let pasts = || self.forecasts.iter().map(|(_, past)| past);
        let accuracies: Option<Vec<f64>> = pasts().map(PastForecast::relative_accuracy).collect();
        let covered = pasts().filter(|past| past.covers(wanted.interval)).count();
        let count = self.forecasts.len() as f64;
        Some(Score {
            forecasts: self.forecasts.len(),
            at_lambda_s: *at_lambda_s,
            mass_within_alpha: mass,
            alpha_lambda: mass >= wanted.beta,
            prognostic_horizon_s: first.map(|at| self.came_s - self.forecasts[at].0),
            horizon_lasts: first.is_some_and(lasts),
            cumulative_relative_accuracy: accuracies.map(|all| all.iter().sum::<f64>() / count),
            convergence_s: self.convergence_s(),
            crps_s: pasts().map(PastForecast::crps_s).sum::<f64>() / count,
            coverage: covered as f64 / count,
        })
    }

    /// Bounds of the prognostic horizon are as wide for all forecasts.
    fn is_good(&self, (_, past): &(f64, PastForecast), wanted: &Wanted) -> bool {
        let whole_s = self.forecasts.first().map_or(0.0, |first| self.came_s - first.0);
        let off = wanted.alpha * whole_s;
        past.mass_between(past.came_s - off, past.came_s + off) >= wanted.beta
    }

    /// Equation (11) of Saxena and others.
    fn convergence_s(&self) -> Option<f64> {
        let error = |(made_s, past): &(f64, PastForecast)| {
            Some((*made_s, (past.median_s()? - past.came_s).abs()))
        };
        let all: Vec<(f64, f64)> = self.forecasts.iter().map(error).collect::<Option<_>>()?;
        let begin_s = all.first()?.0;
        let (mut area, mut across, mut up) = (0.0, 0.0, 0.0);
        for pair in all.windows(2) {
            let ((from, error), to) = (pair[0], pair[1].0);
            area += (to - from) * error;
            across += 0.5 * (to * to - from * from) * error;
            up += 0.5 * (to - from) * error * error;
        }
        (area > 0.0).then(|| libm::hypot(across / area - begin_s, up / area))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::noise::RandomStream;

    fn past(times_s: &[f64], members: usize, came_s: f64) -> PastForecast {
        PastForecast { remaining_s: times_s.to_vec(), members, horizon_s: 1_000.0, came_s }
    }

    #[test]
    fn the_score_of_a_normal_forecast_is_the_published_one() {
        let mut random = RandomStream::new(1, 1);
        let mut times: Vec<f64> = (0..20_000).map(|_| 500.0 + 50.0 * random.normal()).collect();
        times.sort_by(f64::total_cmp);
        // σ (2 φ(0) − 1/√π) where the truth is the mean: Gneiting and Raftery, equation (21).
        let middle = past(&times, times.len(), 500.0).crps_s();
        assert!((middle - 50.0 * 0.233_695).abs() < 0.2, "{middle}");
        // z = 2: σ (z (2 Φ(z) − 1) + 2 φ(z) − 1/√π).
        let off = past(&times, times.len(), 600.0).crps_s();
        assert!((off - 50.0 * 1.452_792).abs() < 1.0, "{off}");
    }

    #[test]
    fn a_certain_forecast_scores_its_error() {
        assert_eq!(past(&[80.0; 9], 9, 100.0).crps_s(), 20.0);
        assert_eq!(past(&[80.0; 9], 9, 100.0).relative_accuracy(), Some(0.8));
        assert_eq!(past(&[80.0; 9], 9, 100.0).mass_within(0.2), 1.0);
        assert_eq!(past(&[79.0; 9], 9, 100.0).mass_within(0.2), 0.0);
    }

    #[test]
    fn what_lies_beyond_the_horizon_counts() {
        let half = past(&[100.0, 200.0], 4, 150.0);
        assert_eq!(half.mass_within(0.5), 0.5);
        assert_eq!(half.quantile_s(0.9), None);
        assert!(half.covers(0.9));
        assert_eq!(half.median_s(), None);
        assert_eq!(half.relative_accuracy(), None);
    }

    #[test]
    fn a_track_is_judged_where_and_when_it_should() {
        // Says too much by half at first, and from 40 s on what comes.
        let case = |made_s: f64| {
            let remaining = 100.0 - made_s;
            let said = if made_s < 40.0 { 1.5 * remaining } else { remaining };
            (made_s, past(&[said; 5], 5, remaining))
        };
        let forecasts = [0.0, 20.0, 40.0, 60.0, 80.0].map(case).to_vec();
        let score =
            Track { came_s: 100.0, forecasts }.score(&Wanted::default()).expect("forecasts");
        assert!(score.alpha_lambda && score.at_lambda_s == 40.0);
        assert_eq!(score.prognostic_horizon_s, Some(60.0));
        assert!(score.horizon_lasts);
        let accuracy = score.cumulative_relative_accuracy.expect("all have a median");
        assert!((accuracy - (0.5 + 0.5 + 3.0) / 5.0).abs() < 1e-12);
        // Errors of 50 from 0 to 20 and of 40 from 20 to 40.
        let area = 20.0 * 90.0;
        let across = (0.5 * 400.0 * 50.0 + 0.5 * 1200.0 * 40.0) / area;
        let up = 0.5 * 20.0 * (2500.0 + 1600.0) / area;
        let wanted = f64::hypot(across, up);
        assert!((score.convergence_s.expect("it errs") - wanted).abs() < 1e-9);
        assert_eq!(score.coverage, 0.6);
        assert!(Track::default().score(&Wanted::default()).is_none());
    }
}
