//! Small dense matrices, with sums in a fixed order.
//!
//! Filters and calibrations compute the same bits natively and in the browser. Libraries of linear
//! algebra choose their kernels by the processor, and with them the order of sums; hence these few
//! lines of our own, for a dozen rows or so.

use smallvec::{SmallVec, smallvec};

/// So many values are kept in place: a filter of few states allocates nothing as it goes on.
const IN_PLACE: usize = 16;

/// A matrix, row by row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matrix {
    rows: usize,
    columns: usize,
    values: SmallVec<[f64; IN_PLACE]>,
}

impl Matrix {
    /// All zero.
    pub fn zero(rows: usize, columns: usize) -> Self {
        Self { rows, columns, values: smallvec![0.0; rows * columns] }
    }

    /// With these values on the diagonal.
    pub fn diagonal(values: &[f64]) -> Self {
        let mut matrix = Self::zero(values.len(), values.len());
        for (at, value) in values.iter().enumerate() {
            matrix.set(at, at, *value);
        }
        matrix
    }

    /// From its values row by row; `None` when their number does not fit.
    pub fn from_rows(rows: usize, columns: usize, values: Vec<f64>) -> Option<Self> {
        (values.len() == rows * columns).then(|| Self { rows, columns, values: values.into() })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// All values, row by row.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// A row.
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.columns..][..self.columns]
    }

    /// A row, to write.
    pub fn row_mut(&mut self, row: usize) -> &mut [f64] {
        &mut self.values[row * self.columns..][..self.columns]
    }

    /// One value.
    pub fn get(&self, row: usize, column: usize) -> f64 {
        self.values[row * self.columns + column]
    }

    /// Sets one value.
    pub fn set(&mut self, row: usize, column: usize, value: f64) {
        self.values[row * self.columns + column] = value;
    }

    /// Adds to one value.
    pub fn add(&mut self, row: usize, column: usize, value: f64) {
        self.values[row * self.columns + column] += value;
    }

    /// Each value times a number.
    pub fn scaled(&self, factor: f64) -> Self {
        let values = self.values.iter().map(|value| value * factor).collect();
        Self { values, ..*self }
    }

    /// Rows become columns.
    pub fn transposed(&self) -> Self {
        let mut out = Self::zero(self.columns, self.rows);
        for row in 0..self.rows {
            for column in 0..self.columns {
                out.set(column, row, self.get(row, column));
            }
        }
        out
    }

    /// This matrix times another.
    pub fn times(&self, other: &Self) -> Self {
        let mut out = Self::zero(self.rows, other.columns);
        for row in 0..self.rows {
            for (inner, factor) in self.row(row).iter().enumerate() {
                for (out, value) in out.row_mut(row).iter_mut().zip(other.row(inner)) {
                    *out += factor * value;
                }
            }
        }
        out
    }

    /// The mean of this matrix and its transpose.
    pub fn symmetric(mut self) -> Self {
        for row in 0..self.rows {
            for column in 0..row {
                let mean = 0.5 * (self.get(row, column) + self.get(column, row));
                self.set(row, column, mean);
                self.set(column, row, mean);
            }
        }
        self
    }

    /// The lower triangle L with L Lᵀ = this; `None` when this is not positive definite.
    pub fn cholesky(&self) -> Option<Self> {
        let mut lower = Self::zero(self.rows, self.rows);
        for column in 0..self.rows {
            let mut pivot = self.get(column, column);
            for value in &lower.row(column)[..column] {
                pivot -= value * value;
            }
            if !(pivot > 0.0 && pivot.is_finite()) {
                return None;
            }
            let root = pivot.sqrt();
            lower.set(column, column, root);
            for row in column + 1..self.rows {
                let mut value = self.get(row, column);
                for (a, b) in lower.row(row)[..column].iter().zip(lower.row(column)) {
                    value -= a * b;
                }
                lower.set(row, column, value / root);
            }
        }
        Some(lower)
    }

    /// Solves L y = b in place, this being a lower triangle.
    pub fn solve_lower(&self, b: &mut [f64]) {
        for row in 0..self.rows {
            let mut value = b[row];
            for (factor, b) in self.row(row)[..row].iter().zip(&*b) {
                value -= factor * b;
            }
            b[row] = value / self.get(row, row);
        }
    }

    /// Solves Lᵀ y = b in place, this being a lower triangle.
    pub fn solve_lower_transposed(&self, b: &mut [f64]) {
        for row in (0..self.rows).rev() {
            let mut value = b[row];
            for inner in row + 1..self.rows {
                value -= self.get(inner, row) * b[inner];
            }
            b[row] = value / self.get(row, row);
        }
    }

    /// Eigenvalues, and eigenvectors as columns, of a symmetric matrix, by Jacobi's rotations.
    pub fn eigen(&self) -> (Vec<f64>, Self) {
        let n = self.rows;
        let mut a = self.clone();
        let mut vectors = Self::diagonal(&vec![1.0; n]);
        for _sweep in 0..60 {
            let mut off = 0.0;
            for row in 0..n {
                for column in 0..row {
                    off += a.get(row, column) * a.get(row, column);
                }
            }
            if !(off > 1e-300) {
                break;
            }
            for row in 1..n {
                for column in 0..row {
                    rotate(&mut a, &mut vectors, row, column);
                }
            }
        }
        ((0..n).map(|at| a.get(at, at)).collect(), vectors)
    }
}

/// Turns the plane of two axes so that their common entry of `a` becomes zero.
fn rotate(a: &mut Matrix, vectors: &mut Matrix, p: usize, q: usize) {
    let apq = a.get(p, q);
    if apq == 0.0 {
        return;
    }
    let theta = (a.get(q, q) - a.get(p, p)) / (2.0 * apq);
    let sign = if theta < 0.0 { -1.0 } else { 1.0 };
    let tangent = sign / (theta.abs() + (theta * theta + 1.0).sqrt());
    let cosine = 1.0 / (tangent * tangent + 1.0).sqrt();
    let sine = tangent * cosine;
    let n = a.rows;
    for at in 0..n {
        let (x, y) = (a.get(at, p), a.get(at, q));
        a.set(at, p, cosine * x - sine * y);
        a.set(at, q, sine * x + cosine * y);
    }
    for at in 0..n {
        let (x, y) = (a.get(p, at), a.get(q, at));
        a.set(p, at, cosine * x - sine * y);
        a.set(q, at, sine * x + cosine * y);
        let (x, y) = (vectors.get(at, p), vectors.get(at, q));
        vectors.set(at, p, cosine * x - sine * y);
        vectors.set(at, q, sine * x + cosine * y);
    }
}

/// A square matrix, taken apart into triangles so that systems with it are solved quickly.
pub struct Lu {
    triangles: Matrix,
    order: Vec<usize>,
}

impl Lu {
    /// Takes a matrix apart, with the largest pivots; `None` when it is singular.
    pub fn of(mut matrix: Matrix) -> Option<Self> {
        let n = matrix.rows;
        let mut order: Vec<usize> = (0..n).collect();
        for column in 0..n {
            let largest = |&a: &usize, &b: &usize| {
                matrix.get(a, column).abs().total_cmp(&matrix.get(b, column).abs())
            };
            let pivot = (column..n).max_by(largest)?;
            if !(matrix.get(pivot, column).abs() > 0.0) {
                return None;
            }
            if pivot != column {
                order.swap(pivot, column);
                for at in 0..n {
                    let held = matrix.get(pivot, at);
                    matrix.set(pivot, at, matrix.get(column, at));
                    matrix.set(column, at, held);
                }
            }
            for row in column + 1..n {
                let factor = matrix.get(row, column) / matrix.get(column, column);
                matrix.set(row, column, factor);
                for at in column + 1..n {
                    matrix.add(row, at, -factor * matrix.get(column, at));
                }
            }
        }
        Some(Self { triangles: matrix, order })
    }

    /// Solves for a right-hand side, in place.
    pub fn solve(&self, b: &mut Vec<f64>) {
        let mut y: Vec<f64> = self.order.iter().map(|at| b[*at]).collect();
        for row in 0..y.len() {
            for inner in 0..row {
                y[row] -= self.triangles.get(row, inner) * y[inner];
            }
        }
        for row in (0..y.len()).rev() {
            for inner in row + 1..y.len() {
                y[row] -= self.triangles.get(row, inner) * y[inner];
            }
            y[row] /= self.triangles.get(row, row);
        }
        *b = y;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Matrix {
        Matrix::from_rows(3, 3, vec![4.0, 12.0, -16.0, 12.0, 37.0, -43.0, -16.0, -43.0, 98.0])
            .expect("nine values")
    }

    #[test]
    fn a_known_matrix_has_its_known_triangle() {
        let lower = known().cholesky().expect("positive definite");
        assert_eq!(lower.values(), [2.0, 0.0, 0.0, 6.0, 1.0, 0.0, -8.0, 5.0, 3.0]);
        assert_eq!(lower.times(&lower.transposed()), known());
        assert!(Matrix::diagonal(&[1.0, -1.0]).cholesky().is_none());
        assert!(Matrix::diagonal(&[1.0, f64::NAN]).cholesky().is_none());
    }

    #[test]
    fn systems_are_solved_by_either_way() {
        let wanted = [1.0, -2.0, 0.5];
        let mut b: Vec<f64> =
            (0..3).map(|row| (0..3).map(|at| known().get(row, at) * wanted[at]).sum()).collect();
        let mut c = b.clone();
        Lu::of(known()).expect("regular").solve(&mut b);
        let lower = known().cholesky().expect("positive definite");
        lower.solve_lower(&mut c);
        lower.solve_lower_transposed(&mut c);
        for at in 0..3 {
            assert!((b[at] - wanted[at]).abs() < 1e-10 && (c[at] - wanted[at]).abs() < 1e-10);
        }
        assert!(Lu::of(Matrix::zero(2, 2)).is_none());
    }

    #[test]
    fn eigenvalues_and_vectors_make_the_matrix_again() {
        let (values, vectors) = known().eigen();
        let again = vectors.times(&Matrix::diagonal(&values)).times(&vectors.transposed());
        for (a, b) in again.values().iter().zip(known().values()) {
            assert!((a - b).abs() < 1e-9, "{a} {b}");
        }
        assert!((values.iter().product::<f64>() - 36.0).abs() < 1e-6, "{values:?}");
    }
}
