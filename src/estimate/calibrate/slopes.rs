//! Slopes of the residuals by differences, a point at a time.

use super::unknown::Unknown;

/// Differences are taken beside a value's own size, which may be far below the usual one, but not
/// below this share of that: beside 0 they would vanish.
const LEAST: f64 = 0.1;

/// Slopes that are being gathered at a point, value by value.
pub(super) struct Slopes {
    central: bool,
    exactness: f64,
    done: Vec<Vec<f64>>,
    /// Where residuals are wanted; it differs from the middle in one value.
    wanted: Vec<f64>,
    /// Differences of the present value that are still to be tried, the next one last.
    plan: Vec<f64>,
    /// Differences that were tried and gave residuals.
    found: Vec<(f64, Vec<f64>)>,
}

impl Slopes {
    /// Begins at a point.
    pub fn new(unknowns: &[Unknown], point: &[f64], exactness: f64, central: bool) -> Self {
        let (done, plan, found) = (Vec::new(), Vec::new(), Vec::new());
        let mut slopes = Self { central, exactness, done, wanted: point.to_vec(), plan, found };
        slopes.begin(unknowns, point);
        slopes
    }

    /// Where residuals are wanted.
    pub fn point(&self) -> &[f64] {
        &self.wanted
    }

    /// Takes the residuals at [`Slopes::point`], `None` when there are none; `middle`
    /// are those at the point itself. All slopes, a column for each value, once they are there.
    ///
    /// # Errors
    /// The place of the value on neither side of which there are residuals.
    pub fn report(
        &mut self,
        unknowns: &[Unknown],
        point: &[f64],
        middle: &[f64],
        residuals: Option<Vec<f64>>,
    ) -> Result<Option<Vec<Vec<f64>>>, usize> {
        let at = self.done.len();
        if let Some(residuals) = residuals {
            self.found.push((self.wanted[at] - point[at], residuals));
        }
        let needed = if self.central { 2 } else { 1 };
        if self.found.len() < needed && !self.plan.is_empty() {
            self.next_point(point);
            return Ok(None);
        }
        let column = match &self.found[..] {
            [] => return Err(at),
            [(off, to)] => slope(*off, to, middle),
            [(one, from), (other, to), ..] => slope(other - one, to, from),
        };
        self.done.push(column);
        if self.done.len() == unknowns.len() {
            return Ok(Some(std::mem::take(&mut self.done)));
        }
        self.begin(unknowns, point);
        Ok(None)
    }

    /// Begins with the next value.
    fn begin(&mut self, unknowns: &[Unknown], point: &[f64]) {
        let at = self.done.len();
        let Some(unknown) = unknowns.get(at) else { return };
        let share = if self.central { libm::cbrt(self.exactness) } else { self.exactness.sqrt() };
        let difference = share * point[at].abs().max(LEAST * unknown.size);
        let (low, high) = unknown.range;
        let (below, above) = (point[at] - low, high - point[at]);
        self.found.clear();
        self.plan = vec![-difference, difference];
        self.plan.retain(|off| if *off > 0.0 { *off <= above } else { -*off <= below });
        if self.plan.is_empty() {
            // Narrow bounds: the farther one.
            self.plan.push(if above >= below { above } else { -below });
        }
        self.next_point(point);
    }

    /// Sets the point at the next difference of the present value.
    fn next_point(&mut self, point: &[f64]) {
        let at = self.done.len();
        self.wanted.copy_from_slice(point);
        self.wanted[at] += self.plan.pop().unwrap_or_default();
    }
}

fn slope(over: f64, to: &[f64], from: &[f64]) -> Vec<f64> {
    to.iter().zip(from).map(|(to, from)| (to - from) / over).collect()
}
