//! What of the window is covered by machines, so that labels are placed beside them.
//!
//! Cells of [`CELL`] pixels, summed over rows and columns (F. Crow, "Summed-area tables for texture mapping",
//! 1984): a machine costs four cells, and a label's question four, however many machines there are.

use bevy_egui::egui::{Pos2, Rect};

/// Width and height of a cell in points.
const CELL: f32 = 8.0;
/// Cells at most in a row or a column, of a window of any size.
const MOST_CELLS: usize = 1024;

/// Which cells of an area are covered.
#[derive(Debug)]
pub struct Cover {
    origin: Pos2,
    columns: usize,
    rows: usize,
    /// Before [`Self::close`] at each cell how many more machines begin there than end; then how many covered
    /// cells are above and to the left of it. One row and one column more than there are cells.
    sums: Vec<i32>,
}

impl Cover {
    /// Of an area that nothing covers.
    pub fn of(area: Rect) -> Self {
        let cells = |length: f32| (length.max(0.0) / CELL).ceil() as usize;
        let [columns, rows] = [area.width(), area.height()].map(|at| cells(at).min(MOST_CELLS));
        let sums = vec![0; (columns + 1) * (rows + 1)];
        Self { origin: area.min, columns, rows, sums }
    }

    /// A machine covers that much. To be called before [`Self::close`].
    pub fn add(&mut self, machine: Rect) {
        let Some([left, top, right, bottom]) = self.cells(machine) else { return };
        let width = self.columns + 1;
        for (row, column, count) in
            [(top, left, 1), (top, right, -1), (bottom, left, -1), (bottom, right, 1)]
        {
            self.sums[row * width + column] += count;
        }
    }

    /// All machines are known.
    pub fn close(&mut self) {
        let width = self.columns + 1;
        // First how many machines are over each cell.
        for row in 0..=self.rows {
            for column in 0..=self.columns {
                let at = row * width + column;
                let left = if column > 0 { self.sums[at - 1] } else { 0 };
                let above = if row > 0 { self.sums[at - width] } else { 0 };
                let both = if row > 0 && column > 0 { self.sums[at - width - 1] } else { 0 };
                self.sums[at] += left + above - both;
            }
        }
        // Then how many covered cells are above and to the left of each.
        let mut sums = vec![0; self.sums.len()];
        for row in 0..self.rows {
            let mut in_row = 0;
            for column in 0..self.columns {
                in_row += i32::from(self.sums[row * width + column] > 0);
                sums[(row + 1) * width + column + 1] = sums[row * width + column + 1] + in_row;
            }
        }
        self.sums = sums;
    }

    /// Whether some of a place is covered, to a cell. Asked after [`Self::close`].
    pub fn is_under(&self, place: Rect) -> bool {
        let Some([left, top, right, bottom]) = self.cells(place) else { return false };
        let sum = |row: usize, column: usize| self.sums[row * (self.columns + 1) + column];
        sum(bottom, right) - sum(top, right) - sum(bottom, left) + sum(top, left) > 0
    }

    /// The cells that a rectangle touches: its first column and row, and those after its last ones. `None`:
    /// it is outside, or has no size.
    fn cells(&self, rect: Rect) -> Option<[usize; 4]> {
        let from = (rect.min - self.origin) / CELL;
        let to = (rect.max - self.origin) / CELL;
        let within = |at: f32, count: usize| at.clamp(0.0, count as f32) as usize;
        let [left, right] =
            [within(from.x.floor(), self.columns), within(to.x.ceil(), self.columns)];
        let [top, bottom] = [within(from.y.floor(), self.rows), within(to.y.ceil(), self.rows)];
        (left < right && top < bottom).then_some([left, top, right, bottom])
    }
}

#[cfg(test)]
mod tests {
    use bevy_egui::egui::{pos2, vec2};
    use proptest::prelude::*;

    use super::*;

    fn rects(most: usize) -> impl Strategy<Value = Vec<Rect>> {
        let rect = (-100.0f32..700.0, -100.0f32..500.0, 0.0f32..300.0, 0.0f32..300.0)
            .prop_map(|(x, y, width, height)| Rect::from_min_size(pos2(x, y), vec2(width, height)));
        proptest::collection::vec(rect, 0..most)
    }

    proptest! {
        #[test]
        fn what_a_machine_is_under_is_covered_and_what_is_a_cell_away_is_not(
            machines in rects(12), places in rects(12),
        ) {
            let area = Rect::from_min_size(pos2(13.0, 7.0), vec2(600.0, 400.0));
            let mut cover = Cover::of(area);
            machines.iter().for_each(|machine| cover.add(*machine));
            cover.close();
            for place in places {
                let seen = place.intersect(area);
                let overlaps = |grown: f32| {
                    let seen = seen.expand(grown);
                    machines.iter().any(|machine| {
                        let both = machine.intersect(area).intersect(seen);
                        both.width() > 1e-3 && both.height() > 1e-3
                    })
                };
                let is_seen = seen.width() > 1e-3 && seen.height() > 1e-3;
                if is_seen && overlaps(0.0) {
                    prop_assert!(cover.is_under(place), "{place} is under a machine");
                }
                if !overlaps(2.0 * CELL) {
                    prop_assert!(!cover.is_under(place), "{place} is under none");
                }
            }
        }
    }

    #[test]
    fn a_window_without_room_or_of_no_sense_is_covered_by_nothing() {
        for size in [vec2(0.0, 0.0), vec2(-5.0, 10.0), vec2(f32::NAN, 10.0)] {
            let mut cover = Cover::of(Rect::from_min_size(pos2(0.0, 0.0), size));
            cover.add(Rect::EVERYTHING);
            cover.close();
            assert!(!cover.is_under(Rect::from_min_size(pos2(0.0, 0.0), vec2(1.0, 1.0))));
        }
    }
}
