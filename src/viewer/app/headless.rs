//! A picture without a window and without a display.
//!
//! Flows in: what to show and when. Flows out: a PNG file, written only when the picture is
//! complete: every model loaded, every shader compiled, the panels laid out.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use bevy::app::PluginsState;
use bevy::camera::RenderTarget;
use bevy::prelude::*;
use bevy::render::view::screenshot::{Screenshot, ScreenshotCaptured};

use super::build::AtFirst;
use super::options::{Failure, Surface, Target, ViewerOptions};
use super::{build, machine};
use crate::history::State;
use crate::output::Output;
use crate::twin::Timestamp;
use crate::viewer::base::Occlusion;
use crate::viewer::base::{Command, Origin, Playhead};
use crate::viewer::scene::camera::SceneCamera;
use crate::viewer::scene::models::LoadProgress;
use crate::viewer::time::{Playback, Sources};

/// Frames before the drawn one: panels need a second one to know their sizes, and the scene's
/// rectangle follows them by one.
const SETTLING_FRAMES: u32 = 4;
/// Frames over which shaded corners and edges become smooth.
const SMOOTHING_FRAMES: u32 = 16;

/// Longest time that models may take; what is not there then is missing in the picture.
const LOAD_TIMEOUT: Duration = Duration::from_secs(120);
/// Longest time to wait for the first data; without any the picture shows the plant at rest.
const DATA_TIMEOUT: Duration = Duration::from_secs(5);

/// Where the picture goes and how it is taken.
pub struct Picture {
    /// The PNG file.
    pub png: PathBuf,
    /// Width and height in pixels.
    pub size: (u32, u32),
    /// Pixels a point, as on a display with that scale factor.
    pub scale: f32,
    /// How long the plant is watched before the picture is taken, from the first data.
    pub after: Duration,
}

/// Draws the twin into a PNG file.
///
/// # Errors
/// If there is nothing to draw with, or the file cannot be written.
pub fn render(options: ViewerOptions, picture: &Picture) -> Result<(), Failure> {
    let (width, height) = picture.size;
    if !(16..=16384).contains(&width) || !(16..=16384).contains(&height) {
        return Err(Failure::Input(format!(
            "a picture of {width}×{height} pixels cannot be drawn; each side may have 16 to 16384"
        )));
    }
    let mut app = build(options, picture.size, picture.scale)?;
    let image = take(&mut app, picture.after)?;
    write_png(&picture.png, &image)?;
    let progress = app.world().resource::<LoadProgress>();
    // One that is not there is reported where it is looked for, and the rest is drawn.
    let refused = progress.failed.iter().filter(|(file, _)| file.is_file());
    let failed =
        refused.map(|(file, why)| format!("the model `{}` cannot be shown: {why}", file.display()));
    let failed = failed.collect::<std::collections::BTreeSet<_>>().into_iter().collect::<Vec<_>>();
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::Input(format!(
        "{}; in {} a banded box stands for each",
        failed.join("\n"),
        picture.png.display()
    )))
}

/// The viewer without a window: its app draws into an image of that size, at `scale` pixels a point.
///
/// # Errors
/// If there is nothing to draw with, or the viewpoint does not exist.
pub fn build(options: ViewerOptions, size: (u32, u32), scale: f32) -> Result<App, Failure> {
    machine::check_renderer()?;
    let (width, height) = size;
    let mut app = build::build(options, Surface::Image { width, height, scale })?;
    start(&mut app);
    Ok(app)
}

/// Waits until the engine is ready.
pub fn start(app: &mut App) {
    while app.plugins_state() == PluginsState::Adding {
        bevy::tasks::tick_global_task_pools_on_main_thread();
    }
    app.finish();
    app.cleanup();
}

/// Runs the app until the picture is complete, and takes it.
fn take(app: &mut App, after: Duration) -> Result<Image, Failure> {
    // Nothing is drawn while models load and data arrives: that is what costs.
    app.update();
    set_drawing(app, false);
    let begun = Instant::now();
    while !app.world().resource::<LoadProgress>().is_complete() && begun.elapsed() < LOAD_TIMEOUT {
        step(app);
    }
    while !has_data(app) && begun.elapsed() < DATA_TIMEOUT {
        step(app);
    }
    if let Some(at) = app.world().resource::<AtFirst>().0 {
        show_instant(app, at)?;
    }
    let watched = Instant::now();
    while watched.elapsed() < after {
        step(app);
    }
    (0..SETTLING_FRAMES).for_each(|_| app.update());
    set_drawing(app, true);
    let smooth = if app.world().resource::<Occlusion>().on { SMOOTHING_FRAMES } else { 0 };
    (0..smooth).for_each(|_| app.update());
    capture(app)
}

/// Reads the whole recording, and stops at one instant of it.
fn show_instant(app: &mut App, at: Timestamp) -> Result<(), Failure> {
    let begun = Instant::now();
    let is_read = |app: &App| {
        app.world().resource::<Playback>().shown().is_some_and(|shown| shown.share >= 1.0)
    };
    while !is_read(app) {
        if begun.elapsed() > LOAD_TIMEOUT {
            return Err(Failure::Environment(format!(
                "the recording could not be read within {} s",
                LOAD_TIMEOUT.as_secs()
            )));
        }
        step(app);
    }
    let source = app.world().resource::<Playback>().source();
    let span = app.world().resource::<Sources>().span(source).ok_or_else(|| {
        Failure::Input(
            "the recording holds nothing of this twin, so it has no instant to show".into(),
        )
    })?;
    if at < span.from || at > span.to {
        let (from, to) = (stamp(span.from), stamp(span.to));
        let nearest = if at < span.from { &from } else { &to };
        return Err(Failure::Input(format!(
            "the recording has no {}: it goes from {from} to {to}; the nearest is {nearest}",
            stamp(at)
        )));
    }
    for command in [Command::Play(false), Command::Seek(at)] {
        app.world_mut().write_message(command.by(Origin::User));
    }
    app.update();
    Ok(())
}

/// An instant as it is written on the command line.
fn stamp(time: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(time.0).map_or_else(|_| time.to_string(), |it| it.to_string())
}

/// A frame that is not drawn, at the pace of a display.
fn step(app: &mut App) {
    app.update();
    std::thread::sleep(Duration::from_millis(15));
}

/// Whether any sample has come.
fn has_data(app: &App) -> bool {
    let source = app.world().resource::<Playhead>().source;
    app.world().resource::<Sources>().span(source).is_some()
}

/// Switches the drawing of the scene; whether it was on.
fn set_drawing(app: &mut App, on: bool) -> bool {
    let mut cameras = app.world_mut().query_filtered::<&mut Camera, With<SceneCamera>>();
    let mut was_on = false;
    for mut camera in cameras.iter_mut(app.world_mut()) {
        was_on |= std::mem::replace(&mut camera.is_active, on);
    }
    was_on
}

/// The next frame as an image.
///
/// # Errors
/// If the renderer does not hand it over.
pub fn capture(app: &mut App) -> Result<Image, Failure> {
    let target = app.world().resource::<Target>().0.clone();
    if !matches!(target, RenderTarget::Image(_)) {
        return Err(Failure::Input("only a viewer without a window can be captured".into()));
    }
    let taken = request(app, target);
    app.update();
    // The frame is drawn, and comes when the renderer has handed it over; more need not be drawn.
    let was_drawing = set_drawing(app, false);
    let image = await_image(app, &taken);
    set_drawing(app, was_drawing);
    image
}

fn await_image(app: &mut App, taken: &Receiver<Image>) -> Result<Image, Failure> {
    for _ in 0..200 {
        if let Ok(image) = taken.try_recv() {
            return Ok(image);
        }
        app.update();
        std::thread::sleep(Duration::from_millis(5));
    }
    Err(Failure::Environment("the renderer did not hand over its picture".into()))
}

fn request(app: &mut App, target: RenderTarget) -> Receiver<Image> {
    let (hand_over, taken) = channel();
    app.world_mut().spawn(Screenshot(target)).observe(move |captured: On<ScreenshotCaptured>| {
        // Nobody waits any more: the picture is not wanted.
        let _ = hand_over.send(captured.image.clone());
    });
    taken
}

fn write_png(path: &Path, image: &Image) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| {
        Failure::Environment(format!("cannot write {}: {error}", path.display()))
    };
    let data = image.data.as_deref().unwrap_or_default();
    let mut rgb = Vec::with_capacity(data.len() / 4 * 3);
    rgb.extend(data.chunks_exact(4).flat_map(|pixel| &pixel[..3]));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| failed(&error))?;
    }
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, image.width(), image.height());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_source_srgb(png::SrgbRenderingIntent::Perceptual);
    let mut writer = encoder.write_header().map_err(|error| failed(&error))?;
    writer.write_image_data(&rgb).map_err(|error| failed(&error))?;
    writer.finish().map_err(|error| failed(&error))?;
    let mut output = Output::create(path).map_err(|error| failed(&error))?;
    output.write_all(&bytes).and_then(|()| output.finish()).map_err(|error| failed(&error))
}
