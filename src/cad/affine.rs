//! The little of linear algebra that a node tree needs, in f64 so that deep trees do not drift.
//!
//! `glam::DAffine3` gives the same bits for points, vectors, products and scales, but not for what
//! is hardest: it multiplies by a reciprocal where this divides, so that unit quaternions (62 of 100
//! random ones), determinants (48), normals (96) and the rotation of a matrix (93) differ in the last
//! bits; and it has no box, no test for shear and no answer for a matrix that flattens.

use serde::{Deserialize, Serialize};

/// Metres beyond which nothing is drawn, and the largest factor: the numbers of single precision that
/// pictures are made with bear their square, and no plant comes near it.
pub(super) const FARTHEST_M: f64 = 1e12;

/// Translation, rotation and scale, applied in the order scale, rotation, translation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trs {
    /// Metres.
    pub translation: [f64; 3],
    /// Unit quaternion x, y, z, w.
    pub rotation: [f64; 4],
    /// Factor along each axis.
    pub scale: [f64; 3],
}

impl Trs {
    /// Nothing moved.
    pub const IDENTITY: Self =
        Self { translation: [0.0; 3], rotation: [0.0, 0.0, 0.0, 1.0], scale: [1.0; 3] };
}

/// A 3 × 4 matrix that takes points of one frame to another: three columns and the origin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Affine {
    /// Images of the x, y and z unit vectors.
    pub columns: [[f64; 3]; 3],
    /// Image of the origin.
    pub origin: [f64; 3],
}

impl Affine {
    /// Nothing moved.
    pub const IDENTITY: Self =
        Self { columns: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], origin: [0.0; 3] };

    /// The matrix of a translation, rotation and scale.
    pub fn from_trs(trs: &Trs) -> Self {
        let [x, y, z, w] = unit_quaternion(trs.rotation);
        let rotation = [
            [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y + z * w), 2.0 * (x * z - y * w)],
            [2.0 * (x * y - z * w), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z + x * w)],
            [2.0 * (x * z + y * w), 2.0 * (y * z - x * w), 1.0 - 2.0 * (x * x + y * y)],
        ];
        let mut columns = rotation;
        for (column, scale) in columns.iter_mut().zip(trs.scale) {
            column.iter_mut().for_each(|entry| *entry *= scale);
        }
        Self { columns, origin: trs.translation }
    }

    /// The matrix that glTF writes as 16 numbers, column by column.
    pub fn from_column_major(m: &[f64; 16]) -> Self {
        let column = |at: usize| [m[at], m[at + 1], m[at + 2]];
        Self { columns: [column(0), column(4), column(8)], origin: column(12) }
    }

    /// Where a point goes.
    pub fn point(&self, p: [f64; 3]) -> [f64; 3] {
        let v = self.vector(p);
        [v[0] + self.origin[0], v[1] + self.origin[1], v[2] + self.origin[2]]
    }

    /// Where a direction goes; lengths change with the scale.
    pub fn vector(&self, v: [f64; 3]) -> [f64; 3] {
        let c = &self.columns;
        std::array::from_fn(|row| c[0][row] * v[0] + c[1][row] * v[1] + c[2][row] * v[2])
    }

    /// First `inner`, then `self`.
    pub fn then_inner(&self, inner: &Self) -> Self {
        Self {
            columns: inner.columns.map(|column| self.vector(column)),
            origin: self.point(inner.origin),
        }
    }

    /// The placement that undoes it; `None` where it flattens.
    pub fn inverse(&self) -> Option<Self> {
        let [a, b, c] = self.columns;
        let rows = [cross(b, c), cross(c, a), cross(a, b)];
        let volume = self.determinant();
        let size = dot(a, a).max(dot(b, b)).max(dot(c, c));
        if !(volume.abs() > 1e-18 * size.powf(1.5)) {
            return None;
        }
        let columns: [[f64; 3]; 3] =
            std::array::from_fn(|column| std::array::from_fn(|row| rows[row][column] / volume));
        let linear = Self { columns, origin: [0.0; 3] };
        let origin = linear.vector(self.origin).map(|entry| -entry);
        let inverse = Self { columns, origin };
        inverse.is_finite().then_some(inverse)
    }

    /// The nearest placement that a translation, rotation and positive scale write exactly, with its
    /// x axis where this one's is; what is left of this one within it is a shear, a mirroring, or both.
    pub fn upright(&self) -> Option<Self> {
        let [a, b, c] = self.columns;
        let unit = |v: [f64; 3]| {
            let length = dot(v, v).sqrt();
            (length > 0.0).then(|| v.map(|entry| entry / length))
        };
        let x = unit(a)?;
        let along = dot(b, x);
        let y = unit(std::array::from_fn(|row| b[row] - along * x[row]))?;
        let z = cross(x, y);
        // A mirrored frame has its z axis turned round: the part is mirrored within it.
        let scale = [a, b, c].map(|column| dot(column, column).sqrt());
        let columns = [x, y, z];
        let columns = std::array::from_fn(|at| columns[at].map(|entry| entry * scale[at]));
        let upright = Self { columns, origin: self.origin };
        (scale[2] > 0.0 && upright.is_finite()).then_some(upright)
    }

    /// Volume factor; negative when it mirrors.
    pub fn determinant(&self) -> f64 {
        let [a, b, c] = self.columns;
        dot(a, cross(b, c))
    }

    /// Where a surface normal goes, by the transposed inverse up to its length; unit length, or
    /// zero where the matrix flattens everything.
    pub fn normal(&self, n: [f64; 3]) -> [f64; 3] {
        let [a, b, c] = self.columns;
        let (x, y, z) = (cross(b, c), cross(c, a), cross(a, b));
        let sign = if self.determinant() < 0.0 { -1.0 } else { 1.0 };
        let out: [f64; 3] =
            std::array::from_fn(|row| sign * (x[row] * n[0] + y[row] * n[1] + z[row] * n[2]));
        let length = dot(out, out).sqrt();
        if length > 0.0 { out.map(|entry| entry / length) } else { [0.0; 3] }
    }

    /// Translation, rotation and scale; exact when there is no shear, else the nearest that keeps
    /// the lengths of the axes.
    pub fn to_trs(&self) -> Trs {
        let mut scale = self.columns.map(|column| dot(column, column).sqrt());
        if self.determinant() < 0.0 {
            scale[0] = -scale[0];
        }
        let mut r = self.columns;
        for (column, scale) in r.iter_mut().zip(scale) {
            if scale != 0.0 {
                column.iter_mut().for_each(|entry| *entry /= scale);
            }
        }
        Trs { translation: self.origin, rotation: quaternion_of(&r), scale }
    }

    /// Whether its axes stand at right angles, so that [`Affine::to_trs`] is exact.
    pub fn has_no_shear(&self) -> bool {
        let [a, b, c] = self.columns;
        let size = dot(a, a) + dot(b, b) + dot(c, c);
        [dot(a, b), dot(b, c), dot(c, a)].iter().all(|angle| angle.abs() <= 1e-6 * size)
    }

    /// Whether it is all numbers of which pictures can be made: finite ones up to [`FARTHEST_M`].
    pub fn is_drawable(&self) -> bool {
        let mut entries = self.columns.iter().flatten().chain(&self.origin);
        // What is no number is not below it either.
        entries.all(|entry| entry.abs() <= FARTHEST_M)
    }

    /// Whether it is all finite numbers.
    pub fn is_finite(&self) -> bool {
        self.columns.iter().flatten().chain(&self.origin).all(|entry| entry.is_finite())
    }
}

/// Quaternion of a rotation matrix (columns).
fn quaternion_of(m: &[[f64; 3]; 3]) -> [f64; 4] {
    let (m00, m11, m22) = (m[0][0], m[1][1], m[2][2]);
    let trace = m00 + m11 + m22;
    let q = if trace > 0.0 {
        let s = (trace + 1.0).sqrt() * 2.0;
        [(m[1][2] - m[2][1]) / s, (m[2][0] - m[0][2]) / s, (m[0][1] - m[1][0]) / s, 0.25 * s]
    } else if m00 > m11 && m00 > m22 {
        let s = (1.0 + m00 - m11 - m22).max(0.0).sqrt() * 2.0;
        [0.25 * s, (m[1][0] + m[0][1]) / s, (m[2][0] + m[0][2]) / s, (m[1][2] - m[2][1]) / s]
    } else if m11 > m22 {
        let s = (1.0 + m11 - m00 - m22).max(0.0).sqrt() * 2.0;
        [(m[1][0] + m[0][1]) / s, 0.25 * s, (m[2][1] + m[1][2]) / s, (m[2][0] - m[0][2]) / s]
    } else {
        let s = (1.0 + m22 - m00 - m11).max(0.0).sqrt() * 2.0;
        [(m[2][0] + m[0][2]) / s, (m[2][1] + m[1][2]) / s, 0.25 * s, (m[0][1] - m[1][0]) / s]
    };
    unit_quaternion(q)
}

/// The quaternion at length 1; the identity for one that has no direction.
pub(super) fn unit_quaternion(q: [f64; 4]) -> [f64; 4] {
    let length = q.iter().map(|entry| entry * entry).sum::<f64>().sqrt();
    if length.is_finite() && length > 1e-12 {
        q.map(|entry| entry / length)
    } else {
        [0.0, 0.0, 0.0, 1.0]
    }
}

pub(super) fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(super) fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// An axis-aligned box, in metres.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    /// Smallest coordinates.
    pub min: [f64; 3],
    /// Greatest coordinates.
    pub max: [f64; 3],
}

impl Bounds {
    /// The box around points; `None` without any finite one.
    pub fn of(points: impl IntoIterator<Item = [f64; 3]>) -> Option<Self> {
        let mut found: Option<Self> = None;
        for p in points {
            if p.iter().all(|entry| entry.is_finite()) {
                let one = Self { min: p, max: p };
                found = Some(found.map_or(one, |sum| sum.union(&one)));
            }
        }
        found
    }

    /// The box around both.
    pub fn union(&self, other: &Self) -> Self {
        Self {
            min: std::array::from_fn(|i| self.min[i].min(other.min[i])),
            max: std::array::from_fn(|i| self.max[i].max(other.max[i])),
        }
    }

    /// Edge lengths.
    pub fn size(&self) -> [f64; 3] {
        std::array::from_fn(|i| self.max[i] - self.min[i])
    }

    /// The middle.
    pub fn center(&self) -> [f64; 3] {
        std::array::from_fn(|i| 0.5 * (self.max[i] + self.min[i]))
    }
}
