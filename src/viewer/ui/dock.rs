//! Where the panels are: they dock around the scene, and the layout is remembered.

use bevy::prelude::Resource;
use bevy_egui::egui::{self, Rect, RichText, Sense, Ui, WidgetText, vec2};
use egui_tiles::{
    Container, Linear, LinearDir, SimplificationOptions, Tile, TileId, Tiles, Tree, UiResponse,
};
use serde::{Deserialize, Serialize};

use crate::viewer::base::{Palette, settings};

/// What can be docked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Pane {
    /// The 3D scene; the others stand around it.
    Scene,
    /// The tree of assets.
    Assets,
    /// Properties of what is selected.
    Properties,
    /// Notices, and messages that could not be decoded.
    Messages,
}

impl Pane {
    const fn title(self) -> &'static str {
        match self {
            Self::Scene => "Scene",
            Self::Assets => "Assets",
            Self::Properties => "Properties",
            Self::Messages => "Messages",
        }
    }
}

/// The docked panels.
#[derive(Resource)]
pub struct Dock {
    tree: Tree<Pane>,
    saved: String,
}

impl Default for Dock {
    fn default() -> Self {
        let tree = load().unwrap_or_else(standard);
        let saved = text_of(&tree);
        Self { tree, saved }
    }
}

/// Assets left, properties right, messages behind the assets as a tab.
fn standard() -> Tree<Pane> {
    let mut tiles = Tiles::default();
    let assets = tiles.insert_pane(Pane::Assets);
    let messages = tiles.insert_pane(Pane::Messages);
    let left = tiles.insert_tab_tile(vec![assets, messages]);
    if let Some(Tile::Container(Container::Tabs(tabs))) = tiles.get_mut(left) {
        tabs.set_active(assets);
    }
    let scene = tiles.insert_pane(Pane::Scene);
    let properties = tiles.insert_pane(Pane::Properties);
    let right = tiles.insert_tab_tile(vec![properties]);
    let mut row = Linear::new(LinearDir::Horizontal, vec![left, scene, right]);
    for (tile, share) in [(left, 0.19), (scene, 0.56), (right, 0.25)] {
        row.shares.set_share(tile, share);
    }
    let root = tiles.insert_new(Tile::Container(Container::Linear(row)));
    Tree::new("dock", root, tiles)
}

/// Whether a layout that was read holds each pane once.
fn is_whole(tree: &Tree<Pane>) -> bool {
    [Pane::Scene, Pane::Assets, Pane::Properties, Pane::Messages].into_iter().all(|pane| {
        let count =
            tree.tiles.tiles().filter(|tile| matches!(tile, Tile::Pane(other) if *other == pane));
        count.count() == 1
    })
}

/// As it is written down; through a sorted map, so that equal layouts have equal texts.
fn text_of(tree: &Tree<Pane>) -> String {
    serde_json::to_value(tree).map(|value| value.to_string()).unwrap_or_default()
}

/// Height of tabs and titles in points.
const TAB_HEIGHT: f32 = 28.0;
/// Name under which the layout is remembered.
const REMEMBERED: &str = "layout.json";

fn load() -> Option<Tree<Pane>> {
    settings::read::<Tree<Pane>>(REMEMBERED).filter(is_whole)
}

impl Dock {
    /// The layout as at first, and nothing remembered: for pictures that must not depend on a user.
    pub fn standard() -> Self {
        let tree = standard();
        let saved = text_of(&tree);
        Self { tree, saved }
    }

    /// Draws the panels into `ui` with `draw`, and at the messages' tab how many problems are new;
    /// returns the rectangle that is left for the scene.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        palette: &Palette,
        problems: usize,
        draw: &mut dyn FnMut(&mut Ui, Pane),
    ) -> Rect {
        let lone = lone(&self.tree);
        let mut behavior = Behavior { palette, problems, draw, lone, scene: Rect::NOTHING };
        self.tree.ui(&mut behavior, ui);
        behavior.scene
    }

    /// Brings the messages to the front, if they stand behind another tab.
    pub fn show_messages(&mut self) {
        self.tree.make_active(|_, tile| matches!(tile, Tile::Pane(Pane::Messages)));
    }

    /// Puts all panels where they were at first.
    pub fn reset(&mut self) {
        self.tree = standard();
    }

    /// Writes the layout down when it has changed.
    pub fn remember(&mut self) {
        let text = text_of(&self.tree);
        if text == self.saved {
            return;
        }
        settings::write(REMEMBERED, &text);
        self.saved = text;
    }
}

/// Panels that are in no tabs, which have no tab to drag them by.
fn lone(tree: &Tree<Pane>) -> Vec<TileId> {
    let in_tabs = |tile: &TileId| {
        let parent = tree.tiles.parent_of(*tile).and_then(|parent| tree.tiles.get(parent));
        matches!(parent, Some(Tile::Container(Container::Tabs(_))))
    };
    let panels = tree
        .tiles
        .iter()
        .filter(|(_, tile)| matches!(tile, Tile::Pane(pane) if *pane != Pane::Scene));
    panels.map(|(id, _)| *id).filter(|id| !in_tabs(id)).collect()
}

struct Behavior<'a> {
    palette: &'a Palette,
    problems: usize,
    draw: &'a mut dyn FnMut(&mut Ui, Pane),
    lone: Vec<TileId>,
    scene: Rect,
}

impl Behavior<'_> {
    /// The title of a panel that has no tab; dragging it moves the panel.
    fn title(&self, ui: &mut Ui, tile: TileId, pane: Pane) -> UiResponse {
        let size = vec2(ui.available_width(), TAB_HEIGHT);
        let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
        let drag = ui.interact(rect, ui.id().with(("title", tile)), Sense::drag());
        ui.painter().rect_filled(rect, 0.0, self.palette.window);
        let ink = match pane {
            Pane::Messages if self.problems > 0 => self.palette.warning,
            _ => self.palette.text,
        };
        let at = rect.left_center() + vec2(8.0, 0.0);
        let font = egui::FontId::proportional(12.5);
        ui.painter().text(at, egui::Align2::LEFT_CENTER, self.words(pane), font, ink);
        let moved = drag.on_hover_cursor(egui::CursorIcon::Grab).drag_started();
        if moved { UiResponse::DragStarted } else { UiResponse::None }
    }

    /// A panel's title, and how many problems are new.
    fn words(&self, pane: Pane) -> String {
        match pane {
            Pane::Messages if self.problems > 0 => format!("{} ({})", pane.title(), self.problems),
            _ => pane.title().to_owned(),
        }
    }
}

impl egui_tiles::Behavior<Pane> for Behavior<'_> {
    fn pane_ui(&mut self, ui: &mut Ui, tile: TileId, pane: &mut Pane) -> UiResponse {
        let rect = ui.max_rect();
        if *pane == Pane::Scene {
            self.scene = rect;
        } else {
            ui.painter().rect_filled(rect, 0.0, self.palette.panel);
        }
        let mut response = UiResponse::None;
        if self.lone.contains(&tile) {
            response = self.title(ui, tile, *pane);
        }
        (self.draw)(ui, *pane);
        response
    }

    fn tab_title_for_pane(&mut self, pane: &Pane) -> WidgetText {
        let title = RichText::new(self.words(*pane)).size(12.5);
        match pane {
            Pane::Messages if self.problems > 0 => title.color(self.palette.warning).into(),
            _ => title.into(),
        }
    }

    fn gap_width(&self, _style: &egui::Style) -> f32 {
        1.0
    }

    fn tab_bar_height(&self, _style: &egui::Style) -> f32 {
        TAB_HEIGHT
    }

    fn min_size(&self) -> f32 {
        180.0
    }

    fn tab_bar_color(&self, _visuals: &egui::Visuals) -> egui::Color32 {
        self.palette.window
    }

    fn simplification_options(&self) -> SimplificationOptions {
        SimplificationOptions { all_panes_must_have_tabs: false, ..Default::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layout_survives_being_written_and_read() {
        let tree = standard();
        assert!(is_whole(&tree));
        let again: Tree<Pane> = serde_json::from_str(&text_of(&tree)).expect("reads what it wrote");
        assert_eq!(text_of(&again), text_of(&tree));
    }

    #[test]
    fn the_messages_come_to_the_front_when_they_are_asked_for() {
        let mut dock = Dock::standard();
        let active = |dock: &Dock| {
            dock.tree
                .active_tiles()
                .into_iter()
                .any(|tile| matches!(dock.tree.tiles.get(tile), Some(Tile::Pane(Pane::Messages))))
        };
        assert!(!active(&dock));
        dock.show_messages();
        assert!(active(&dock));
    }

    #[test]
    fn a_panel_without_tabs_has_a_title_to_drag_it_by() {
        let titled = |tree: &Tree<Pane>| {
            let pane = |id| match tree.tiles.get(id) {
                Some(Tile::Pane(pane)) => *pane,
                _ => panic!("a container has no title"),
            };
            lone(tree).into_iter().map(pane).collect::<Vec<_>>()
        };
        let mut tiles = Tiles::default();
        let panes = [Pane::Scene, Pane::Assets, Pane::Properties, Pane::Messages];
        let [scene, assets, properties, messages] = panes.map(|pane| tiles.insert_pane(pane));
        let tabs = tiles.insert_tab_tile(vec![assets, messages]);
        let row = tiles.insert_horizontal_tile(vec![tabs, scene, properties]);
        assert_eq!(titled(&Tree::new("dock", row, tiles)), [Pane::Properties]);
    }

    #[test]
    fn a_remembered_layout_without_all_panes_is_not_used() {
        let mut tiles = Tiles::default();
        let root = tiles.insert_pane(Pane::Assets);
        assert!(!is_whole(&Tree::new("dock", root, tiles)));
    }
}
