//! Normals that are no directions, and tangents that a normal texture wants and the file lacks.

use std::collections::HashMap;

use super::affine::{cross, dot};
use super::file::File;
use super::topology::Topology;

/// Normals that are no directions are made anew from the triangles around them.
pub(super) fn mend_normals(
    file: &File,
    topology: Topology,
    positions: &[[f32; 3]],
    indices: &[u32],
    normals: &mut Vec<[f32; 3]>,
    what: &str,
) {
    let length = |n: &[f32; 3]| n.iter().map(|entry| entry * entry).sum::<f32>().sqrt();
    // A length that is no number is not greater either.
    let wrong = normals.iter().filter(|normal| !(length(normal) > 1e-6)).count();
    if wrong == 0 {
        return;
    }
    if wrong == normals.len() || topology != Topology::Triangles {
        normals.clear();
        file.remarks.add(what, "its normals are no directions; it is shaded flat");
        return;
    }
    let text =
        format!("{wrong} of its {} normals are no directions; they are made anew", normals.len());
    file.remarks.add(what, text);
    let mut around: HashMap<u32, [f32; 3]> = HashMap::new();
    for corners in indices.chunks_exact(3) {
        let [a, b, c] = [0, 1, 2].map(|at| positions[corners[at] as usize].map(f64::from));
        let side = |to: [f64; 3]| std::array::from_fn(|row| to[row] - a[row]);
        let face = cross(side(b), side(c)).map(|entry| entry as f32);
        for corner in corners {
            if !(length(&normals[*corner as usize]) > 1e-6) {
                let sum = around.entry(*corner).or_default();
                (0..3).for_each(|row| sum[row] += face[row]);
            }
        }
    }
    for (at, normal) in normals.iter_mut().enumerate() {
        if !(length(normal) > 1e-6) {
            let sum = around.get(&(at as u32)).copied().unwrap_or([0.0, 1.0, 0.0]);
            let size = length(&sum);
            *normal = if size > 0.0 && size.is_finite() {
                sum.map(|e| e / size)
            } else {
                [0.0, 1.0, 0.0]
            };
        }
    }
}

/// Directions in which u grows, with the side to which v does, as means of the triangles around each
/// vertex (Lengyel, "Computing Tangent Space Basis Vectors for an Arbitrary Mesh", 2001).
pub(super) fn tangents(
    positions: &[[f32; 3]],
    normals: &[[f32; 3]],
    uvs: &[[f32; 2]],
    indices: &[u32],
) -> Vec<[f32; 4]> {
    let mut sums = vec![[[0.0_f64; 3]; 2]; positions.len()];
    for corners in indices.chunks_exact(3) {
        let [a, b, c] = [0, 1, 2].map(|at| corners[at] as usize);
        let side = |to: usize| -> [f64; 3] {
            std::array::from_fn(|row| f64::from(positions[to][row]) - f64::from(positions[a][row]))
        };
        let along = |to: usize| -> [f64; 2] {
            std::array::from_fn(|row| f64::from(uvs[to][row]) - f64::from(uvs[a][row]))
        };
        let (p, q, [pu, pv], [qu, qv]) = (side(b), side(c), along(b), along(c));
        let area = pu * qv - qu * pv;
        if area == 0.0 || !area.is_finite() {
            continue;
        }
        let sign = area.signum();
        for vertex in [a, b, c] {
            for row in 0..3 {
                sums[vertex][0][row] += (p[row] * qv - q[row] * pv) * sign;
                sums[vertex][1][row] += (q[row] * pu - p[row] * qu) * sign;
            }
        }
    }
    let of_vertex = |([u, v], normal): (&[[f64; 3]; 2], &[f32; 3])| {
        let n = normal.map(f64::from);
        let upright = |w: [f64; 3]| -> Option<[f64; 3]> {
            let flat: [f64; 3] = std::array::from_fn(|row| w[row] - n[row] * dot(n, w));
            let length = dot(flat, flat).sqrt();
            (length > 1e-12).then(|| flat.map(|entry| entry / length))
        };
        // Without any texture coordinates that differ, any direction is as good.
        let other = if n[0].abs() < 0.9 { [1.0, 0.0, 0.0] } else { [0.0, 1.0, 0.0] };
        let [x, y, z] = upright(*u).or_else(|| upright(other)).unwrap_or(other);
        let side = if dot(cross(n, [x, y, z]), *v) < 0.0 { -1.0 } else { 1.0 };
        [x as f32, y as f32, z as f32, side]
    };
    sums.iter().zip(normals).map(of_vertex).collect()
}
