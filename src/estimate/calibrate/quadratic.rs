//! The residuals as a plane about a point, and the step that is best on it within bounds.

use crate::model::linear::Matrix;

/// The linear model of the residuals: cost(s) = ‖R s + q‖² + what no step changes.
///
/// It is the m × n matrix of slopes after a QR decomposition by Householder's reflections, which
/// keeps the digits that the normal matrix JᵀJ would square away.
#[derive(Clone, Debug)]
pub(super) struct Quadratic {
    /// R, n × n, an upper triangle.
    pub triangle: Matrix,
    /// q, the first n entries of Qᵀ r.
    pub offset: Vec<f64>,
    /// Length of each column of slopes.
    pub lengths: Vec<f64>,
}

/// How a step may be taken from the point.
pub(super) struct Room<'a> {
    /// How far each value may fall and rise: at most 0, at least 0.
    pub reach: &'a [(f64, f64)],
    /// Scale of each value; damping is relative to it.
    pub scale: &'a [f64],
    /// Damping λ.
    pub damping: f64,
}

impl Quadratic {
    /// From the slopes, a column for each of n unknowns, and the residuals, each m long.
    pub fn new(mut slopes: Vec<Vec<f64>>, mut residuals: Vec<f64>) -> Self {
        let n = slopes.len();
        // Fewer measurements than unknowns: measurements of nothing, which change nothing.
        let rows = residuals.len().max(n);
        residuals.resize(rows, 0.0);
        for column in &mut slopes {
            column.resize(rows, 0.0);
        }
        let lengths = slopes.iter().map(|column| length(column)).collect();
        reduce(&mut slopes, &mut residuals);
        let mut triangle = Matrix::zero(n, n);
        for (column, values) in slopes.iter().enumerate() {
            for (row, value) in values.iter().enumerate().take(column + 1) {
                triangle.set(row, column, *value);
            }
        }
        residuals.truncate(n);
        Self { triangle, offset: residuals, lengths }
    }

    /// Half the slope of the cost: Rᵀ q.
    pub fn gradient(&self) -> Vec<f64> {
        let n = self.offset.len();
        let entry = |at| (0..n).map(|row| self.triangle.get(row, at) * self.offset[row]).sum();
        (0..n).map(entry).collect()
    }

    /// The predicted reduction of the cost by a step, where the residuals are linear.
    pub fn predicted(&self, step: &[f64]) -> f64 {
        // ‖q‖² − ‖R s + q‖² = −(R s)·(R s + 2 q), without the difference of two near numbers.
        let product = |row: usize| -> f64 {
            step.iter().zip(self.triangle.row(row)).map(|(step, entry)| step * entry).sum()
        };
        let term = |row: usize| {
            let moved = product(row);
            -moved * (moved + 2.0 * self.offset[row])
        };
        (0..step.len()).map(term).sum()
    }

    /// The step that makes ‖R s + q‖² + λ‖D s‖² smallest within bounds.
    ///
    /// Values at a bound towards which the cost falls are held there; the others take a free step;
    /// those that would pass a bound stop on it and the rest is solved again. For strong damping
    /// this is the scaled slope, projected, and lowers the cost: D. P. Bertsekas, Projected Newton
    /// Methods, SIAM J. Control and Optimization 20 (1982); C. Kanzow, N. Yamashita, M. Fukushima,
    /// Levenberg–Marquardt methods with strong local convergence properties for solving nonlinear
    /// equations with convex constraints, J. Comput. Appl. Math. 172 (2004). A smooth transform of
    /// the values would need no such care, but flattens the cost at a bound, where a search then
    /// sticks, and bends it everywhere else.
    pub fn step(&self, room: &Room) -> Vec<f64> {
        let n = self.offset.len();
        let gradient = self.gradient();
        let mut step = vec![0.0; n];
        // What changes nothing stays.
        let moves = |at: &usize| self.lengths[*at] > 0.0 && !held(room.reach[*at], gradient[*at]);
        let mut free: Vec<usize> = (0..n).filter(moves).collect();
        while !free.is_empty() {
            let tried = self.solve(&free, &step, room);
            let mut left = Vec::new();
            for (at, value) in free.iter().zip(tried) {
                let (low, high) = room.reach[*at];
                step[*at] = value.clamp(low, high);
                if step[*at] == value {
                    left.push(*at);
                }
            }
            if left.len() == free.len() {
                break;
            }
            for at in &left {
                step[*at] = 0.0;
            }
            free = left;
        }
        step
    }

    /// The damped step of the free values, while the others take theirs from `fixed`.
    fn solve(&self, free: &[usize], fixed: &[f64], room: &Room) -> Vec<f64> {
        let n = self.offset.len();
        let root = room.damping.sqrt();
        let mut right: Vec<f64> = (0..n)
            .map(|row| {
                let moved = fixed.iter().zip(self.triangle.row(row)).map(|(s, entry)| s * entry);
                -self.offset[row] - moved.sum::<f64>()
            })
            .collect();
        right.resize(n + free.len(), 0.0);
        let column = |(row, at): (usize, &usize)| {
            let mut column: Vec<f64> = (0..n).map(|row| self.triangle.get(row, *at)).collect();
            column.resize(n + free.len(), 0.0);
            column[n + row] = root * room.scale[*at];
            column
        };
        let mut columns: Vec<Vec<f64>> = free.iter().enumerate().map(column).collect();
        reduce(&mut columns, &mut right);
        for row in (0..free.len()).rev() {
            for inner in row + 1..free.len() {
                right[row] -= columns[inner][row] * right[inner];
            }
            right[row] /= columns[row][row];
        }
        right.truncate(free.len());
        right
    }
}

/// Whether a value stays where it is: at a bound towards which the cost falls.
pub(super) fn held((low, high): (f64, f64), gradient: f64) -> bool {
    (low >= 0.0 && gradient >= 0.0) || (high <= 0.0 && gradient <= 0.0)
}

/// Reflects columns so that they become an upper triangle, and a right-hand side with them
/// (G. H. Golub, C. F. Van Loan: Matrix Computations, 2013, section 5.2).
fn reduce(columns: &mut [Vec<f64>], right: &mut [f64]) {
    for at in 0..columns.len() {
        let (done, rest) = columns.split_at_mut(at + 1);
        let pivot = &mut done[at];
        let size = length(&pivot[at..]);
        if !(size > 0.0) {
            continue;
        }
        // The sign that does not cancel.
        let end = if pivot[at] > 0.0 { -size } else { size };
        let mut mirror = pivot[at..].to_vec();
        mirror[0] -= end;
        let square: f64 = mirror.iter().map(|value| value * value).sum();
        let reflect = |values: &mut [f64]| {
            let along: f64 = mirror.iter().zip(&*values).map(|(a, b)| a * b).sum();
            let twice = 2.0 * along / square;
            for (value, mirror) in values.iter_mut().zip(&mirror) {
                *value -= twice * mirror;
            }
        };
        for column in rest {
            reflect(&mut column[at..]);
        }
        reflect(&mut right[at..]);
        pivot[at..].fill(0.0);
        pivot[at] = end;
    }
}

fn length(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum::<f64>().sqrt()
}
