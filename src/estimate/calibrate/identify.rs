//! What the data identify: the covariance of the values, and which of them cannot be distinguished.

use super::quadratic::Quadratic;
use crate::model::linear::Matrix;

/// Eigenvalues of the scaled normal matrix below this are rounding: what lies along their vectors
/// is not identified.
const BLURRED: f64 = 1e-12;
/// A value takes part in a combination that is not identified with at least this much of its
/// (squared) length.
const PART: f64 = 1e-4;

/// What the slopes at the end say of the values.
pub(super) struct Identified {
    /// Eigenvalues of the normal matrix of the values that no bound holds, with slopes scaled to
    /// length 1, the smallest first; they sum to the number of these values.
    pub eigenvalues: Vec<f64>,
    /// Covariance for residuals of variance 1; NaN in rows and columns of what is held or not
    /// identified.
    pub covariance: Matrix,
    /// Values that change no residual.
    pub silent: Vec<usize>,
    /// Values that only act together.
    pub alike: Vec<Alike>,
}

/// Values that only act together.
pub(super) struct Alike {
    /// Their places.
    pub members: Vec<usize>,
    /// How many of them would have to be known for the others to follow.
    pub excess: usize,
    /// How they move without any effect, each in its own unit, for one that moves.
    pub direction: Vec<f64>,
}

impl Identified {
    /// From the residuals about the end; `held` are the values that a bound holds, `exactness` is
    /// that of the residuals.
    pub fn new(quadratic: &Quadratic, held: &[bool], exactness: f64) -> Self {
        let n = held.len();
        let lengths = &quadratic.lengths;
        let silent = (0..n).filter(|at| !held[*at] && lengths[*at] == 0.0).collect();
        let used: Vec<usize> = (0..n).filter(|at| !held[*at] && lengths[*at] > 0.0).collect();
        let (eigenvalues, vectors) = normal(quadratic, &used).eigen();
        // Central differences are off by about ∛ of the square of the residuals' error, and again
        // by how much smaller than the residuals their changes are, for which stands 100.
        let off = 100.0 * libm::cbrt(exactness * exactness);
        let blurred = |eigenvalue: f64| !(eigenvalue > BLURRED.max(off * off));
        // The projector onto what is not identified; it does not depend on which vectors span it.
        let share = |a: usize, b: usize, of: &dyn Fn(f64) -> f64| -> f64 {
            let each = eigenvalues.iter().enumerate();
            each.map(|(at, value)| of(*value) * vectors.get(a, at) * vectors.get(b, at)).sum()
        };
        let lost = |a: usize, b: usize| share(a, b, &|value| f64::from(u8::from(blurred(value))));
        let inverse = |value: f64| if blurred(value) { 0.0 } else { 1.0 / value };
        let mut covariance = Matrix::zero(n, n).scaled(f64::NAN);
        for (a, row) in used.iter().enumerate().filter(|(a, _)| lost(*a, *a) <= PART) {
            for (b, column) in used.iter().enumerate().filter(|(b, _)| lost(*b, *b) <= PART) {
                let scale = lengths[*row] * lengths[*column];
                covariance.set(*row, *column, share(a, b, &inverse) / scale);
            }
        }
        let alike = alike(&used, lengths, &lost);
        let mut eigenvalues = eigenvalues;
        eigenvalues.sort_by(f64::total_cmp);
        Self { eigenvalues, covariance, silent, alike }
    }

    /// Correlation of two values; not a number where one of them has none.
    pub fn correlation(&self, a: usize, b: usize) -> f64 {
        let of = |a, b| self.covariance.get(a, b);
        of(a, b) / (of(a, a) * of(b, b)).sqrt()
    }
}

/// The normal matrix of some values, their slopes scaled to length 1.
fn normal(quadratic: &Quadratic, used: &[usize]) -> Matrix {
    let n = quadratic.offset.len();
    let mut matrix = Matrix::zero(used.len(), used.len());
    for (a, first) in used.iter().enumerate() {
        for (b, second) in used.iter().enumerate() {
            let product = |row| {
                let (one, other) =
                    (quadratic.triangle.get(row, *first), quadratic.triangle.get(row, *second));
                one / quadratic.lengths[*first] * (other / quadratic.lengths[*second])
            };
            matrix.set(a, b, (0..n).map(product).sum());
        }
    }
    matrix.symmetric()
}

/// Groups of values whose lost parts depend on each other.
fn alike(used: &[usize], lengths: &[f64], lost: &dyn Fn(usize, usize) -> f64) -> Vec<Alike> {
    let mut left: Vec<usize> = (0..used.len()).filter(|a| lost(*a, *a) > PART).collect();
    let mut all = Vec::new();
    while let Some(first) = left.first().copied() {
        let mut group = vec![first];
        let mut at = 0;
        while let Some(member) = group.get(at).copied() {
            let tied = |b: &usize| lost(member, *b).abs() > 1e-3 * PART;
            let new = left.iter().copied().filter(|b| tied(b) && !group.contains(b));
            group.extend(new.collect::<Vec<usize>>());
            at += 1;
        }
        group.sort_unstable();
        left.retain(|member| !group.contains(member));
        // The trace of a projector is its rank.
        let rank: f64 = group.iter().map(|a| lost(*a, *a)).sum();
        all.push(Alike {
            excess: (rank.round() as usize).max(1),
            direction: group.iter().map(|b| lost(group[0], *b) / lengths[used[*b]]).collect(),
            members: group.iter().map(|a| used[*a]).collect(),
        });
    }
    all
}
