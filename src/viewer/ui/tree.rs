//! The asset tree: search, conditions, and selection in step with the scene.

use std::collections::HashSet;
use std::sync::Arc;

use bevy_egui::egui::{self, Align2, FontId, Rect, Sense, Ui, Vec2, pos2, vec2};

use super::data::PanelData;
use super::mark;
use super::outline::Outline;
use crate::twin::{AssetId, PropertyId, Twin};
use crate::viewer::base::Command;

const ROW_HEIGHT: f32 = 22.0;
const INDENT: f32 = 14.0;

/// What the tree remembers from frame to frame.
#[derive(Default)]
pub struct TreeState {
    /// Words to search for; empty shows all.
    pub search: String,
    /// Groups whose children are hidden.
    closed: HashSet<AssetId>,
    /// Selection that was last brought into sight.
    revealed: Option<AssetId>,
    /// Row under the pointer.
    pub hovered: Option<AssetId>,
    /// The rows to show, and the words that they were made for.
    rows: Option<(String, Arc<[Row]>)>,
}

/// One row.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Row {
    asset: AssetId,
    depth: usize,
    has_children: bool,
}

impl TreeState {
    /// Forgets everything about another definition's assets.
    pub fn reset(&mut self) {
        *self = Self { search: std::mem::take(&mut self.search), ..Self::default() };
    }

    /// The rows to show, parents before their children. They are made anew when words or groups
    /// changed.
    fn rows(&mut self, twin: &Twin, outline: &Outline) -> Arc<[Row]> {
        let known = self.rows.as_ref().filter(|(search, _)| *search == self.search);
        if let Some((_, rows)) = known {
            return rows.clone();
        }
        let rows: Arc<[Row]> = self.make_rows(twin, outline).into();
        self.rows = Some((self.search.clone(), rows.clone()));
        rows
    }

    fn make_rows(&self, twin: &Twin, outline: &Outline) -> Vec<Row> {
        let words = words(&self.search);
        let wanted = (!words.is_empty()).then(|| matches_with_ancestors(twin, &words));
        let mut rows = Vec::new();
        let mut stack: Vec<(AssetId, usize)> =
            outline.roots().iter().rev().map(|&asset| (asset, 0)).collect();
        while let Some((asset, depth)) = stack.pop() {
            if wanted.as_ref().is_some_and(|wanted| !wanted.contains(&asset)) {
                continue;
            }
            let below = outline.children(asset);
            rows.push(Row { asset, depth, has_children: !below.is_empty() });
            if wanted.is_some() || !self.closed.contains(&asset) {
                stack.extend(below.iter().rev().map(|&child| (child, depth + 1)));
            }
        }
        rows
    }

    /// Hides or shows what stands below a group.
    fn close(&mut self, group: AssetId, is_closed: bool) {
        let changed =
            if is_closed { self.closed.insert(group) } else { self.closed.remove(&group) };
        if changed {
            self.rows = None;
        }
    }

    /// Opens what hides a newly selected asset; returns whether there is one to bring into sight.
    fn reveal(&mut self, twin: &Twin, selected: Option<AssetId>) -> bool {
        if selected == self.revealed {
            return false;
        }
        self.revealed = selected;
        let mut above = selected.and_then(|asset| twin.asset(asset).parent);
        while let Some(asset) = above {
            self.close(asset, false);
            above = twin.asset(asset).parent;
        }
        selected.is_some()
    }
}

/// The words that are searched for.
fn words(search: &str) -> Vec<String> {
    search.split_whitespace().map(str::to_lowercase).collect()
}

/// What is said of an asset, to search in.
fn text_of(twin: &Twin, id: AssetId) -> String {
    let class = twin.class_of(id).map_or("", |class| class.title.as_str());
    let asset = twin.asset(id);
    format!("{} {} {class}", asset.path, asset.title).to_lowercase()
}

/// Whether all words are found in an asset, or with one of its properties.
fn is_found(twin: &Twin, id: AssetId, words: &[String]) -> bool {
    let text = text_of(twin, id);
    words.iter().all(|word| text.contains(word))
        || twin.properties_of(id).any(|property| finds_property(twin, id, property, words))
}

/// Whether the words name a property: each is in it or in its asset, and one at least in it alone.
fn finds_property(twin: &Twin, asset: AssetId, id: PropertyId, words: &[String]) -> bool {
    let property = twin.property(id);
    let own = format!("{} {}", property.name, property.title).to_lowercase();
    let of_asset = text_of(twin, asset);
    words.iter().all(|word| own.contains(word) || of_asset.contains(word))
        && words.iter().any(|word| own.contains(word) && !of_asset.contains(word))
}

/// The properties of an asset that a search names.
pub fn sought(twin: &Twin, asset: AssetId, search: &str) -> Vec<PropertyId> {
    let words = words(search);
    let found = |property: &PropertyId| finds_property(twin, asset, *property, &words);
    twin.properties_of(asset).filter(found).collect()
}

/// What Enter selects: the asset that has the words for its name, else the first that they are found in
/// after the one that is selected, so that Enter again goes on to the next.
fn entered(twin: &Twin, rows: &[Row], search: &str, selected: Option<AssetId>) -> Option<AssetId> {
    let words = words(search);
    if words.is_empty() {
        return None;
    }
    let found: Vec<AssetId> =
        rows.iter().map(|row| row.asset).filter(|id| is_found(twin, *id, &words)).collect();
    let name = search.trim().to_lowercase();
    let named = found.iter().find(|id| twin.asset(**id).name.to_lowercase() == name);
    let after = found.iter().position(|id| Some(*id) == selected).map_or(0, |at| at + 1);
    named
        .filter(|id| Some(**id) != selected)
        .or_else(|| found.get(after % found.len().max(1)))
        .copied()
}

fn matches_with_ancestors(twin: &Twin, words: &[String]) -> HashSet<AssetId> {
    let mut wanted = HashSet::new();
    for id in twin.asset_ids() {
        if !is_found(twin, id, words) {
            continue;
        }
        let mut above = Some(id);
        while let Some(asset) = above.filter(|&asset| wanted.insert(asset)) {
            above = twin.asset(asset).parent;
        }
    }
    wanted
}

/// Draws the tree; returns what the user asked for.
pub fn show(ui: &mut Ui, data: &PanelData, state: &mut TreeState) -> Vec<Command> {
    let mut commands = Vec::new();
    ui.add_space(6.0);
    let field = ui.horizontal(|ui| {
        ui.add_space(6.0);
        let width = ui.available_width() - 6.0;
        ui.add(
            egui::TextEdit::singleline(&mut state.search)
                .hint_text("Search assets and properties")
                .desired_width(width),
        )
    });
    let is_entered =
        field.inner.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
    ui.add_space(2.0);

    let reveal = state.reveal(data.twin, data.selection.selected);
    let rows = state.rows(data.twin, data.outline);
    if is_entered
        && let Some(asset) = entered(data.twin, &rows, &state.search, data.selection.selected)
    {
        commands.push(Command::Select(Some(asset)));
    }
    state.hovered = None;
    if rows.is_empty() {
        ui.add_space(12.0);
        ui.vertical_centered(|ui| {
            ui.colored_label(data.palette.text_dim, "Nothing has that name.");
        });
        return commands;
    }
    let is_selected = |row: &Row| Some(row.asset) == data.selection.selected;
    let target = reveal.then(|| rows.iter().position(is_selected)).flatten();
    let mut area = egui::ScrollArea::vertical().auto_shrink([false, false]);
    if let Some(index) = target {
        let above = (index as f32 - 3.0).max(0.0) * ROW_HEIGHT;
        area = area.vertical_scroll_offset(above.min(offset_limit(ui, rows.len())));
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    area.show_rows(ui, ROW_HEIGHT, rows.len(), |ui, visible| {
        for row in &rows[visible] {
            row_ui(ui, data, state, row, &mut commands);
        }
    });
    commands
}

/// The furthest that a list of rows can be scrolled.
fn offset_limit(ui: &Ui, rows: usize) -> f32 {
    (rows as f32 * ROW_HEIGHT - ui.available_height()).max(0.0)
}

fn row_ui(
    ui: &mut Ui,
    data: &PanelData,
    state: &mut TreeState,
    row: &Row,
    commands: &mut Vec<Command>,
) {
    let asset = data.twin.asset(row.asset);
    let palette = data.palette;
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), ROW_HEIGHT), Sense::click());
    response.widget_info(|| {
        let selected = data.selection.selected == Some(row.asset);
        egui::WidgetInfo::selected(egui::WidgetType::SelectableLabel, true, selected, &*asset.name)
    });
    let painter = ui.painter();
    if data.selection.selected == Some(row.asset) {
        painter.rect_filled(rect, 0.0, palette.tint(palette.accent, 0.22));
        let mark = Rect::from_min_size(rect.min, vec2(3.0, ROW_HEIGHT));
        painter.rect_filled(mark, 0.0, palette.accent);
    } else if response.hovered() || data.selection.hovered == Some(row.asset) {
        painter.rect_filled(rect, 0.0, palette.raised);
    }

    let mid = rect.center().y;
    let mut x = rect.min.x + 8.0 + row.depth as f32 * INDENT;
    let arrow = Rect::from_center_size(pos2(x + 5.0, mid), Vec2::splat(ROW_HEIGHT));
    if row.has_children {
        let open = !state.closed.contains(&row.asset);
        paint_arrow(painter, pos2(x + 5.0, mid), open, palette.text_dim);
    }
    x += 14.0;
    // A group shows the worst of all that is below it, open or closed.
    mark::paint(painter, palette, pos2(x + 4.0, mid), data.worst_condition(row.asset));
    x += 14.0;
    let font = FontId::proportional(13.0);
    let name = &*asset.name;
    let drawn = painter.text(pos2(x, mid), Align2::LEFT_CENTER, name, font, palette.text);
    if *asset.title != *asset.name {
        let rest = Rect::from_min_max(pos2(drawn.max.x + 8.0, rect.min.y), rect.max);
        let clipped = painter.with_clip_rect(rest.intersect(ui.clip_rect()));
        clipped.text(
            pos2(rest.min.x, mid),
            Align2::LEFT_CENTER,
            &asset.title,
            FontId::proportional(12.0),
            palette.text_dim,
        );
    }

    if response.hovered() {
        state.hovered = Some(row.asset);
    }
    let on_arrow = row.has_children
        && response.interact_pointer_pos().is_some_and(|pointer| arrow.contains(pointer));
    if response.clicked() && on_arrow {
        state.close(row.asset, !state.closed.contains(&row.asset));
    } else if response.double_clicked() {
        commands.push(Command::FlyTo(row.asset));
    } else if response.clicked() {
        // It is in sight already: nothing needs to scroll.
        state.revealed = Some(row.asset);
        commands.push(Command::Select(Some(row.asset)));
    }
}

fn paint_arrow(painter: &egui::Painter, center: egui::Pos2, open: bool, color: egui::Color32) {
    let points = if open {
        vec![vec2(-4.0, -2.0), vec2(4.0, -2.0), vec2(0.0, 3.0)]
    } else {
        vec![vec2(-2.0, -4.0), vec2(3.0, 0.0), vec2(-2.0, 4.0)]
    };
    let points = points.into_iter().map(|offset| center + offset).collect();
    painter.add(egui::Shape::convex_polygon(points, color, egui::Stroke::NONE));
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::twin::{NoFiles, load_text};

    const TWIN: &str = r#"Twin(schema: 2, name: "t",
        assets: [(name: "hall"), (name: "P-1", parent: "hall"), (name: "P-2", parent: "hall")])"#;

    #[test]
    fn enter_selects_what_is_found_and_then_the_next_and_a_property_leads_to_its_asset() {
        let text = r#"Twin(schema: 2, name: "t",
            classes: {"Pump": (properties: {"flow": (title: "Delivery"), "speed": ()})},
            assets: [(name: "hall"), (name: "P-1", class: "Pump", parent: "hall"),
                (name: "P-12", class: "Pump", parent: "hall")])"#;
        let twin = load_text(Path::new("t.ron"), text, &NoFiles).expect("it is right").twin;
        let outline = Outline::new(&twin);
        let [first, second] = ["P-1", "P-12"].map(|name| twin.asset_by_name[name]);
        let enter = |search: &str, selected| {
            let mut state = TreeState { search: search.into(), ..TreeState::default() };
            let rows = state.rows(&twin, &outline);
            entered(&twin, &rows, search, selected)
        };
        assert_eq!(enter("p-12", None), Some(second));
        assert_eq!(enter("p-1", None), Some(first), "its whole name goes before a part of one");
        assert_eq!(enter("p-1", Some(first)), Some(second));
        assert_eq!(enter("delivery", None), Some(first));
        assert_eq!(enter("p-12 flow", None), Some(second));
        assert_eq!(enter("delivery", Some(second)), Some(first), "after the last comes the first");
        assert_eq!(enter("turbine", None), None);
        assert_eq!(enter(" ", None), None);
        let named = |search: &str| {
            let found = sought(&twin, first, search).into_iter();
            found.map(|id| twin.property(id).name.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(named("p-1 delivery"), ["flow"]);
        assert!(named("p-1").is_empty(), "the asset is sought, and none of its properties");
    }

    #[test]
    fn rows_are_made_when_words_or_groups_change_and_kept_otherwise() {
        let twin = load_text(Path::new("t.ron"), TWIN, &NoFiles).expect("it is right").twin;
        let outline = Outline::new(&twin);
        let [hall, pump] = ["hall", "P-2"].map(|name| twin.asset_by_name[name]);
        let mut state = TreeState::default();
        let all = state.rows(&twin, &outline);
        assert_eq!(all.len(), 3);
        assert!(Arc::ptr_eq(&all, &state.rows(&twin, &outline)));

        state.search = "p-2".into();
        let found = state.rows(&twin, &outline);
        assert_eq!(found.iter().map(|row| row.asset).collect::<Vec<_>>(), [hall, pump]);
        assert!(Arc::ptr_eq(&found, &state.rows(&twin, &outline)));

        state.search.clear();
        state.close(hall, true);
        let closed = state.rows(&twin, &outline);
        assert_eq!(closed.iter().map(|row| row.asset).collect::<Vec<_>>(), [hall]);
        assert!(Arc::ptr_eq(&closed, &state.rows(&twin, &outline)));

        // What is selected elsewhere is shown.
        assert!(state.reveal(&twin, Some(pump)));
        assert_eq!(state.rows(&twin, &outline).len(), 3);
    }
}
