//! By how much a linear map lets vectors grow in the long run: its spectral radius.
//!
//! A map is taken apart into groups of states that act on each other in a circle (strongly connected
//! components): its radius is the largest of theirs. That of a group follows from squaring it again and
//! again (Gelfand's formula), with sums in a fixed order, so that it is the same on every computer.

use crate::model::linear::Matrix;

/// Squarings of a group; what is left of transients is divided by 2 to this.
const SQUARINGS: u32 = 48;
/// Terms of the exponential's series of a matrix that is no larger than one half.
const TERMS: u32 = 12;

/// By how much errors grow, as a natural logarithm, and in which states.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grown {
    /// The logarithm.
    pub log: f64,
    /// The states, by place.
    pub states: Vec<usize>,
}

/// The growth in one step of a linear map.
pub fn growth_of(map: &Matrix) -> Grown {
    let each = groups(map).into_iter().map(|states| {
        let log = log_radius(part(map, &states));
        Grown { log, states }
    });
    let most = each.max_by(|a, b| a.log.total_cmp(&b.log));
    most.unwrap_or(Grown { log: f64::NEG_INFINITY, states: Vec::new() })
}

/// The growth that rates of change lead to within a time, as a natural logarithm.
pub fn flow(rates: &Matrix, dt_s: f64) -> f64 {
    let each = groups(rates).into_iter().map(|states| match states[..] {
        [at] => rates.get(at, at) * dt_s,
        _ => {
            let map = part(rates, &states).scaled(dt_s);
            let halvings = libm::ceil(libm::log2(size(&map).max(1e-300))) + 1.0;
            let times = libm::exp2(halvings.clamp(0.0, 40.0));
            times * log_radius(exponential(&map.scaled(1.0 / times)))
        }
    });
    each.fold(f64::NEG_INFINITY, f64::max)
}

/// Largest sum of a row's sizes.
fn size(map: &Matrix) -> f64 {
    let row = |row: usize| map.row(row).iter().map(|value| value.abs()).sum();
    (0..map.rows()).map(row).fold(0.0, f64::max)
}

fn exponential(map: &Matrix) -> Matrix {
    let mut sum = Matrix::diagonal(&vec![1.0; map.rows()]);
    let mut term = sum.clone();
    for at in 1..=TERMS {
        term = term.times(map).scaled(1.0 / f64::from(at));
        for row in 0..map.rows() {
            for (sum, term) in sum.row_mut(row).iter_mut().zip(term.row(row)) {
                *sum += term;
            }
        }
    }
    sum
}

/// Natural logarithm of the spectral radius.
fn log_radius(mut map: Matrix) -> f64 {
    if map.rows() == 1 {
        return libm::log(map.get(0, 0).abs());
    }
    let (mut log, mut weight) = (0.0, 1.0);
    for _ in 0..SQUARINGS {
        let size = size(&map);
        if !(size > 0.0 && size.is_finite()) {
            return if size == 0.0 { f64::NEG_INFINITY } else { f64::INFINITY };
        }
        log += weight * libm::log(size);
        weight *= 0.5;
        let map_of_one = map.scaled(1.0 / size);
        map = map_of_one.times(&map_of_one);
    }
    log
}

fn part(map: &Matrix, states: &[usize]) -> Matrix {
    let mut out = Matrix::zero(states.len(), states.len());
    for (row, a) in states.iter().enumerate() {
        for (column, b) in states.iter().enumerate() {
            out.set(row, column, map.get(*a, *b));
        }
    }
    out
}

/// Groups of states that act on each other in a circle; each state is in one.
fn groups(map: &Matrix) -> Vec<Vec<usize>> {
    let count = map.rows();
    let words = count.div_ceil(64);
    // Of each state a bit for each that it acts on, directly or through others (S. Warshall, 1962).
    let mut reach = vec![0_u64; count * words];
    let holds =
        |reach: &[u64], from: usize, to: usize| reach[from * words + to / 64] >> (to % 64) & 1 == 1;
    for from in 0..count {
        for to in 0..count {
            if from == to || map.get(to, from) != 0.0 {
                reach[from * words + to / 64] |= 1 << (to % 64);
            }
        }
    }
    for through in 0..count {
        let own = reach[through * words..][..words].to_vec();
        for from in 0..count {
            if holds(&reach, from, through) {
                let all = &mut reach[from * words..][..words];
                all.iter_mut().zip(&own).for_each(|(all, own)| *all |= own);
            }
        }
    }
    let mut is_taken = vec![false; count];
    let mut groups = Vec::new();
    for first in 0..count {
        if is_taken[first] {
            continue;
        }
        let is_mutual =
            |other: &usize| holds(&reach, first, *other) && holds(&reach, *other, first);
        let group: Vec<usize> = (first..count).filter(is_mutual).collect();
        group.iter().for_each(|at| is_taken[*at] = true);
        groups.push(group);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(rows: usize, values: &[f64]) -> Matrix {
        Matrix::from_rows(rows, rows, values.to_vec()).expect("as many as there should be")
    }

    #[test]
    fn a_turn_keeps_its_length_and_a_shear_grows_no_faster_than_any_power() {
        let (sine, cosine) = (libm::sin(0.3), libm::cos(0.3));
        assert!(log_radius(map(2, &[cosine, -sine, sine, cosine])).abs() < 1e-9);
        // Entries of its powers grow in proportion to the power.
        assert!(log_radius(map(2, &[1.0, 5.0, 1e-30, 1.0])).abs() < 1e-6);
        let spiral = map(2, &[cosine, -sine, sine, cosine]).scaled(1.5);
        assert!((log_radius(spiral) - libm::log(1.5)).abs() < 1e-9);
    }

    #[test]
    fn units_of_states_make_no_difference() {
        // Eigenvalues of [[0, 1], [2, 1]] are 2 and −1; the second state is in another unit.
        for unit in [1e-12, 1.0, 1e12] {
            let grown = growth_of(&map(2, &[0.0, 1.0 / unit, 2.0 * unit, 1.0]));
            assert!((grown.log - libm::log(2.0)).abs() < 1e-9, "{unit}: {grown:?}");
        }
    }

    #[test]
    fn groups_are_states_that_act_on_each_other_in_a_circle() {
        // 0 → 1 → 2 → 0, and 2 → 3, which acts on nothing.
        let mut all = Matrix::zero(4, 4);
        for (from, to) in [(0, 1), (1, 2), (2, 0), (2, 3)] {
            all.set(to, from, 1.0);
        }
        assert_eq!(groups(&all), [vec![0, 1, 2], vec![3]]);
    }

    #[test]
    fn a_flow_grows_by_its_rates_however_stiff_it_is() {
        // Rates −1000 and +0.01, mixed by a rotation.
        let (sine, cosine) = (libm::sin(0.7), libm::cos(0.7));
        let turn = map(2, &[cosine, -sine, sine, cosine]);
        let rates = turn.times(&Matrix::diagonal(&[-1000.0, 0.01])).times(&turn.transposed());
        assert!((flow(&rates, 2.0) - 0.02).abs() < 1e-6, "{}", flow(&rates, 2.0));
    }
}
