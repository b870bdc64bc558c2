//! The command `plant`: the simulated plant alone, to a broker or into a recording.

use std::collections::BTreeSet;
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use twinscope::output::{self, Output};
use twinscope::plant::simulation::{
    self, MessageSource, PlantError, PlantOptions, Scripted, Setup, Shelf, Unfit,
};
use twinscope::telemetry::recording::{self, Reader, Recorded};
use twinscope::twin::{Timestamp, Twin};

use super::args;
use super::failure::{Failure, Outcome};
use super::{files, live, stop};

/// What the names of snapshots end with.
const SNAPSHOT: &str = "plant";
/// Bytes that a snapshot may have.
const MOST_SNAPSHOT: u64 = 16 << 20;
/// Names that an instructor may give to snapshots in a folder.
const MOST_NAMED: usize = 1000;
/// The first topic of a journal: which plant it is.
const JOURNAL: &str = "twinscope/plant";
/// Plant time from one line of each part in the truth's table to the next.
const TRUTH_EVERY: Duration = Duration::from_secs(3600);

/// Which plant a journal is of.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct JournalHead {
    seed: u64,
    story: bool,
    /// Plant seconds in a second.
    #[serde(default = "one")]
    speed: f64,
    /// Plant time at which the run began, where that is later than the plant's first message: it went on
    /// from a snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    restored_at: Option<String>,
}

fn one() -> f64 {
    1.0
}

/// Runs the simulated plant until it is stopped, or has run for long enough.
pub fn run(args: &args::Plant) -> Outcome {
    let stop = stop::flag();
    check_new(args)?;
    let twin = files::open(&args.twin)?;
    let mut options = live::simulation(&args.simulation, live::connection(&args.broker)?);
    let snapshot = match &args.restore {
        Some(path) => Some((path, files::read(path, MOST_SNAPSHOT)?)),
        None => None,
    };
    let script = match &args.commands {
        Some(path) => Some(Script::read(path)?),
        None => None,
    };
    options.setup = setup(args, options.setup, script.as_ref(), snapshot.as_ref())?;
    if let Some(head) = script.as_ref().and_then(|script| script.head.as_ref()) {
        options.speed = args.simulation.speed.unwrap_or(head.speed);
    }
    let mut source = match build(&twin, args, &options, &stop) {
        Err(PlantError::Unfit(Unfit::Stopped)) => return Ok(()),
        built => built.map_err(live::plant_failure)?,
    };
    if let Some(folder) = &args.snapshots {
        std::fs::create_dir_all(folder).map_err(|error| {
            Failure::Environment(format!("cannot make the folder {}: {error}", folder.display()))
        })?;
        source = source.with_shelf(Box::new(Folder::new(folder)));
    }
    if let Some((path, bytes)) = &snapshot {
        let restored = source.restore(bytes);
        restored.map_err(|damaged| Failure::Input(format!("{}: {damaged}", path.display())))?;
    }
    if let Some(script) = script {
        source = script.give(source)?;
    }
    match (&args.out, args.span) {
        (Some(out), Some(span)) => {
            let mut file = Output::create(out).map_err(|error| unwritten(out, &error))?;
            writeln!(file, "{}", recording::header(&twin.name)).map_err(|e| unwritten(out, &e))?;
            let (mut source, watch) = noted(source, args, &twin, &options)?;
            record(&mut source, watch, (out, file), span, &stop)
        }
        _ => {
            let (source, mut watch) = noted(source, args, &twin, &options)?;
            let look = &mut |source: &MessageSource| watch.look(source);
            simulation::publish(&twin, source, &options, &stop, look)
                .map_err(live::plant_failure)?;
            watch.finish()
        }
    }
}

/// With its journal and its table.
fn noted(
    mut source: MessageSource,
    args: &args::Plant,
    twin: &Twin,
    options: &PlantOptions,
) -> Result<(MessageSource, Watch), Failure> {
    let watch = Watch::new(args, &source)?;
    if let Some(path) = &args.journal {
        let journal = journal(path, twin, options, &source)?;
        source = source.with_journal(journal);
    }
    Ok((source, watch))
}

/// Lets it run into a file.
fn record(
    source: &mut MessageSource,
    mut watch: Watch,
    (out, file): (&Path, Output),
    span: Duration,
    stop: &AtomicBool,
) -> Outcome {
    let (begun, since) = (Instant::now(), source.passed());
    let mut file = BufWriter::new(file);
    let write = |lines: &[u8]| file.write_all(lines);
    let count = simulation::record(source, span, stop, write, &mut |source| watch.look(source))
        .map_err(|error| unwritten(out, &error))?;
    let file = file.into_inner().map_err(|error| unwritten(out, error.error()))?;
    file.finish().map_err(|error| unwritten(out, &error))?;
    watch.end(source)?;
    files::print(format_args!(
        "{count} messages of {:.1} h in {}, made in {:.1} s",
        source.passed().saturating_sub(since).as_secs_f64() / 3600.0,
        out.display(),
        begun.elapsed().as_secs_f64()
    ))
}

/// Which plant: as stated, else as the snapshot's or the journal's.
fn setup(
    args: &args::Plant,
    stated: Setup,
    script: Option<&Script>,
    snapshot: Option<&(&PathBuf, Vec<u8>)>,
) -> Result<Setup, Failure> {
    let mut setup = stated;
    if let Some(script) = script {
        setup.start = script.start.unwrap_or(setup.start);
        if let Some(head) = &script.head {
            setup.seed = args.simulation.seed.unwrap_or(head.seed);
            setup.story |= head.story;
        }
    }
    setup.start = args.from.unwrap_or(setup.start);
    if let Some((path, bytes)) = snapshot {
        let of = simulation::setup_of(bytes)
            .map_err(|damaged| Failure::Input(format!("{}: {damaged}", path.display())))?;
        setup = Setup {
            seed: args.simulation.seed.unwrap_or(of.seed),
            start: of.start,
            story: of.story || setup.story,
        };
    }
    Ok(setup)
}

fn build(
    twin: &Twin,
    args: &args::Plant,
    options: &PlantOptions,
    stop: &AtomicBool,
) -> Result<MessageSource, PlantError> {
    let source = MessageSource::unless(twin, options.setup, options.speed, stop)?;
    Ok(match args.every {
        Some(every) => source.thinned(every),
        None => source,
    })
}

/// A recording of commands.
struct Script {
    path: PathBuf,
    messages: Vec<Scripted>,
    /// By message: its line.
    lines: Vec<usize>,
    /// Of the first line.
    start: Option<Timestamp>,
    /// Where it is a journal.
    head: Option<JournalHead>,
}

impl Script {
    fn read(path: &Path) -> Result<Self, Failure> {
        let bytes = files::recording(path)?;
        let wrong =
            |error: &dyn std::fmt::Display| Failure::Input(format!("{}: {error}", path.display()));
        let mut script = Self {
            path: path.to_owned(),
            messages: Vec::new(),
            lines: Vec::new(),
            start: None,
            head: None,
        };
        let mut reader = Reader::new(&bytes).map_err(|bad| wrong(&bad))?;
        while let Some(line) = reader.next() {
            let Recorded { at, topic, retained, payload, .. } = line.map_err(|bad| wrong(&bad))?;
            script.start.get_or_insert(at);
            if topic == JOURNAL {
                let head = serde_json::from_slice(&payload);
                script.head =
                    head.map_err(|error| wrong(&format!("line {}: {error}", reader.line())))?;
            } else {
                script.messages.push(Scripted { at, topic, payload, retained });
                script.lines.push(reader.line());
            }
        }
        Ok(script)
    }

    /// Gives a plant what it is told.
    fn give(self, source: MessageSource) -> Result<MessageSource, Failure> {
        let path = self.path.display();
        let begins = source.start() + source.elapsed();
        if let Some(at) = self.head.as_ref().and_then(|head| head.restored_at.as_ref())
            && *at != begins.to_string()
        {
            return Err(Failure::Input(format!(
                "{path}: this run went on from a snapshot at {at}; name it with --restore FILE"
            )));
        }
        let (now, all) = (source.now(), self.messages.len());
        let given = source.with_script(self.messages, self.head.is_some());
        let (source, early) = given.map_err(|bad| {
            let line = self.lines.get(bad.at).copied().unwrap_or(0);
            Failure::Input(format!("{path}: line {line}: {bad}"))
        })?;
        if early > 0 {
            log::warn!("{path}: {early} of {all} commands are from before {now} and are left out");
        }
        Ok(source)
    }
}

/// Writes down what the plant is told, line by line.
fn journal(
    path: &Path,
    twin: &Twin,
    options: &PlantOptions,
    source: &MessageSource,
) -> Result<simulation::Journal, Failure> {
    let mut file = Output::create_followed(path).map_err(|error| unwritten(path, &error))?;
    let Setup { seed, story, start } = options.setup;
    let is_restored = source.elapsed() > Duration::ZERO;
    let restored_at = is_restored.then(|| (source.start() + source.elapsed()).to_string());
    let head = JournalHead { seed, story, speed: options.speed, restored_at };
    let mut lines = format!("{}\n", recording::header(&twin.name)).into_bytes();
    let payload = serde_json::to_vec(&head).unwrap_or_default();
    recording::write_line(&mut lines, start, JOURNAL, (0, false), &payload);
    file.write_all(&lines).map_err(|error| unwritten(path, &error))?;
    let path = path.to_owned();
    let mut failed = false;
    Ok(Box::new(move |at, topic, payload, retained| {
        let mut line = Vec::new();
        recording::write_line(&mut line, at, topic, (0, retained), payload);
        let written = file.write_all(&line).and_then(|()| file.flush());
        if let (Err(error), false) = (written, failed) {
            failed = true;
            log::error!("the journal {} is not complete: {error}", path.display());
        }
    }))
}

/// Snapshots in a folder.
struct Folder {
    path: PathBuf,
    /// The names that an instructor has given.
    named: BTreeSet<String>,
}

impl Folder {
    fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), named: BTreeSet::new() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.path.join(format!("{name}.{SNAPSHOT}"))
    }

    fn write(&self, name: &str, snapshot: &[u8]) -> Result<(), String> {
        let path = self.path(name);
        output::write(&path, snapshot)
            .map_err(|error| format!("cannot write {}: {error}", path.display()))
    }
}

impl Shelf for Folder {
    fn put(&mut self, name: &str, snapshot: &[u8]) -> Result<(), String> {
        if self.named.len() >= MOST_NAMED && !self.named.contains(name) {
            return Err(format!(
                "{MOST_NAMED} snapshots were kept since the plant was started; take one of their names"
            ));
        }
        self.write(name, snapshot)?;
        self.named.insert(name.to_string());
        Ok(())
    }

    fn get(&mut self, name: &str) -> Result<Vec<u8>, String> {
        let path = self.path(name);
        if path.is_file() {
            return files::read(&path, MOST_SNAPSHOT).map_err(|failure| match failure {
                Failure::Input(reason) | Failure::Environment(reason) => reason,
                Failure::Reported | Failure::ReaderGone => {
                    format!("cannot read {}", path.display())
                }
            });
        }
        let kept: Vec<String> = std::fs::read_dir(&self.path)
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|end| end == SNAPSHOT))
            .filter_map(|path| Some(path.file_stem()?.to_str()?.to_string()))
            .collect();
        Err(simulation::no_snapshot(name, kept.iter()))
    }
}

/// What is done each time that some plant time has passed.
struct Watch {
    /// Snapshots by time: where, how often, and the number of the last one.
    snapshots: Option<(Folder, Duration, u128)>,
    truth: Option<Truth>,
}

impl Watch {
    fn new(args: &args::Plant, source: &MessageSource) -> Result<Self, Failure> {
        let snapshots = match (&args.snapshots, args.snapshot_every) {
            (Some(_), Some(every)) if every < Duration::from_secs(1) => {
                return Err(Failure::input("--snapshot-every is at least 1s"));
            }
            (Some(folder), Some(every)) => {
                let number = source.elapsed().as_nanos() / every.as_nanos();
                Some((Folder::new(folder), every, number))
            }
            _ => None,
        };
        let truth = match &args.truth {
            Some(path) => Some(Truth::create(path, source)?),
            None => None,
        };
        Ok(Self { snapshots, truth })
    }

    fn look(&mut self, source: &MessageSource) {
        if let Some((folder, every, last)) = &mut self.snapshots {
            let number = source.elapsed().as_nanos() / every.as_nanos();
            if number != *last {
                *last = number;
                // Such as 2026-03-01t12-00-00z.
                let now = source.now().to_string().to_lowercase();
                let name = now.split('.').next().unwrap_or_default().replace(':', "-") + "z";
                let snapshot = source.snapshot().map_err(|damaged| damaged.to_string());
                if let Err(error) = snapshot.and_then(|snapshot| folder.write(&name, &snapshot)) {
                    log::error!("no snapshot at {}: {error}", source.now());
                }
            }
        }
        if let Some(truth) = &mut self.truth {
            truth.look(source);
        }
    }

    /// After the last look.
    fn end(mut self, source: &MessageSource) -> Outcome {
        if let Some(truth) = &mut self.truth {
            truth.write(source);
        }
        self.finish()
    }

    fn finish(self) -> Outcome {
        self.truth.map_or(Ok(()), Truth::finish)
    }
}

/// The table of how far parts are worn.
struct Truth {
    path: PathBuf,
    file: Output,
    last: u128,
    failed: Option<std::io::Error>,
}

impl Truth {
    fn create(path: &Path, source: &MessageSource) -> Result<Self, Failure> {
        let file = Output::create_followed(path).map_err(|error| unwritten(path, &error))?;
        let last = source.elapsed().as_nanos() / TRUTH_EVERY.as_nanos();
        let mut truth = Self { path: path.to_owned(), file, last, failed: None };
        truth.put("time,part,worn,replaced\n");
        truth.write(source);
        Ok(truth)
    }

    fn look(&mut self, source: &MessageSource) {
        let hour = source.elapsed().as_nanos() / TRUTH_EVERY.as_nanos();
        if hour != self.last {
            self.last = hour;
            self.write(source);
        }
    }

    fn write(&mut self, source: &MessageSource) {
        let now = source.now();
        let lines: String = source
            .truth()
            .iter()
            .map(|(_, part)| {
                let (worn, replaced) = (part.state.worn, part.state.replaced);
                format!("{now},{}.{},{worn:.6},{replaced}\n", part.asset, part.name)
            })
            .collect();
        self.put(&lines);
    }

    fn put(&mut self, lines: &str) {
        if self.failed.is_none() {
            self.failed = self.file.write_all(lines.as_bytes()).err();
        }
    }

    fn finish(self) -> Outcome {
        match self.failed {
            Some(error) => Err(unwritten(&self.path, &error)),
            None => self.file.finish().map_err(|error| unwritten(&self.path, &error)),
        }
    }
}

/// Refuses files that are there already, or could not be made, before any of them is begun: what a run that
/// fails leaves behind would be in the way of the next.
fn check_new(args: &args::Plant) -> Outcome {
    let files = [("--out", &args.out), ("--journal", &args.journal), ("--truth", &args.truth)];
    let files: Vec<(&str, &Path)> =
        files.iter().filter_map(|(name, path)| Some((*name, path.as_deref()?))).collect();
    for (at, (name, path)) in files.iter().enumerate() {
        if let Some((other, _)) = files[..at].iter().find(|(_, other)| is_same(path, other)) {
            return Err(Failure::Input(format!(
                "{other} and {name} name the same file, {}; name another one",
                path.display()
            )));
        }
        refuse_existing(path)?;
        let folder = folder_of(path);
        if !folder.is_dir() {
            return Err(Failure::Environment(format!(
                "cannot write {}: there is no folder {}",
                path.display(),
                folder.display()
            )));
        }
    }
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Whether two names are of one file that is not there yet.
fn is_same(one: &Path, other: &Path) -> bool {
    let whole =
        |path: &Path| Some((folder_of(path).canonicalize().ok()?, path.file_name()?.to_owned()));
    one == other || whole(one).is_some_and(|one| Some(one) == whole(other))
}

fn refuse_existing(path: &Path) -> Outcome {
    match std::fs::metadata(path) {
        Ok(known) if known.is_file() => Err(Failure::Input(format!(
            "{} is there already and is not overwritten; name another file",
            path.display()
        ))),
        Ok(known) if known.is_dir() => {
            Err(Failure::Input(format!("{} is a folder; name a file", path.display())))
        }
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(unwritten(path, &error)),
        _ => Ok(()),
    }
}

fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Environment(format!("cannot write {}: {error}", path.display()))
}
