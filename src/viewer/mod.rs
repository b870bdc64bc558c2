//! The 3D viewer: the only room that knows Bevy and egui.
