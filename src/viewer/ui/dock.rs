//! Where the panels are: they dock around the scene, and the layout is remembered.

use bevy::prelude::Resource;
use bevy_egui::egui::{self, Rect, RichText, Ui, WidgetText};
use egui_tiles::{
    Container, Linear, LinearDir, SimplificationOptions, Tile, TileId, Tiles, Tree, UiResponse,
};
use serde::{Deserialize, Serialize};

use crate::viewer::settings;
use crate::viewer::theme::Palette;

/// What can be docked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Pane {
    /// The 3D scene; the others stand around it.
    Scene,
    /// The tree of assets.
    Assets,
    /// Properties of what is selected.
    Properties,
    /// What the program has to say.
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
        let mut behavior = Behavior { palette, problems, draw, scene: Rect::NOTHING };
        self.tree.ui(&mut behavior, ui);
        behavior.scene
    }

    /// Brings a panel that stands behind another tab to the front.
    pub fn bring_to_front(&mut self, pane: Pane) {
        self.tree.make_active(|_, tile| matches!(tile, Tile::Pane(other) if *other == pane));
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

struct Behavior<'a> {
    palette: &'a Palette,
    problems: usize,
    draw: &'a mut dyn FnMut(&mut Ui, Pane),
    scene: Rect,
}

impl egui_tiles::Behavior<Pane> for Behavior<'_> {
    fn pane_ui(&mut self, ui: &mut Ui, _tile: TileId, pane: &mut Pane) -> UiResponse {
        let rect = ui.max_rect();
        if *pane == Pane::Scene {
            self.scene = rect;
        } else {
            ui.painter().rect_filled(rect, 0.0, self.palette.panel);
        }
        (self.draw)(ui, *pane);
        UiResponse::None
    }

    fn tab_title_for_pane(&mut self, pane: &Pane) -> WidgetText {
        let title = RichText::new(pane.title()).size(12.5);
        if *pane == Pane::Messages && self.problems > 0 {
            let title = format!("{} ({})", pane.title(), self.problems);
            return RichText::new(title).size(12.5).color(self.palette.warning).into();
        }
        title.into()
    }

    fn gap_width(&self, _style: &egui::Style) -> f32 {
        1.0
    }

    fn tab_bar_height(&self, _style: &egui::Style) -> f32 {
        28.0
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
        dock.bring_to_front(Pane::Messages);
        assert!(active(&dock));
    }

    #[test]
    fn a_remembered_layout_without_all_panes_is_not_used() {
        let mut tiles = Tiles::default();
        let root = tiles.insert_pane(Pane::Assets);
        assert!(!is_whole(&Tree::new("dock", root, tiles)));
    }
}
