//! The command `plant`: the simulated plant alone, to a broker or into a recording.

use std::fs::File;
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use twinscope::output::{self, Output};
use twinscope::plant::simulation::{
    self, MessageSource, PlantError, PlantOptions, Scripted, Setup, Shelf,
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
}

/// Runs the simulated plant until it is stopped, or has run for long enough.
pub fn run(args: &args::Plant) -> Outcome {
    let stop = stop::flag();
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
    let mut source = build(&twin, args, &options)?;
    if let Some((path, bytes)) = &snapshot {
        let restored = source.restore(bytes);
        restored.map_err(|damaged| Failure::Input(format!("{}: {damaged}", path.display())))?;
    }
    if let Some(script) = script {
        source = source.with_script(script.messages);
    }
    if let Some(path) = &args.journal {
        source = source.with_journal(journal(path, &twin, &options.setup)?);
    }
    let mut watch = Watch::new(args, &source)?;
    match (&args.out, args.span) {
        (Some(out), Some(span)) => {
            let (begun, since) = (Instant::now(), source.elapsed());
            let mut file = create(out)?;
            writeln!(file, "{}", recording::header(&twin.name)).map_err(|e| unwritten(out, &e))?;
            let mut file = BufWriter::new(file);
            let write = |lines: &[u8]| file.write_all(lines);
            let count = simulation::record(&mut source, span, &stop, write, &mut |source| {
                watch.look(source);
            })
            .map_err(|error| unwritten(out, &error))?;
            let file = file.into_inner().map_err(|error| unwritten(out, error.error()))?;
            file.finish().map_err(|error| unwritten(out, &error))?;
            watch.end(&source)?;
            files::print(format_args!(
                "{count} messages of {:.1} h in {}, made in {:.1} s",
                source.elapsed().saturating_sub(since).as_secs_f64() / 3600.0,
                out.display(),
                begun.elapsed().as_secs_f64()
            ))
        }
        _ => {
            let look = &mut |source: &MessageSource| watch.look(source);
            simulation::publish(&twin, source, &options, &stop, look)
                .map_err(live::plant_failure)?;
            watch.finish()
        }
    }
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
) -> Result<MessageSource, Failure> {
    let source = MessageSource::new(twin, options.setup, options.speed);
    let mut source = source.map_err(|unfit| live::plant_failure(PlantError::Unfit(unfit)))?;
    if let Some(every) = args.every {
        source = source.thinned(every);
    }
    if let Some(folder) = &args.snapshots {
        std::fs::create_dir_all(folder).map_err(|error| {
            Failure::Environment(format!("cannot make the folder {}: {error}", folder.display()))
        })?;
        source = source.with_shelf(Box::new(Folder(folder.clone())));
    }
    Ok(source)
}

/// A recording of commands.
struct Script {
    messages: Vec<Scripted>,
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
        let mut script = Self { messages: Vec::new(), start: None, head: None };
        for line in Reader::new(&bytes).map_err(|bad| wrong(&bad))? {
            let Recorded { at, topic, retained, payload, .. } = line.map_err(|bad| wrong(&bad))?;
            script.start.get_or_insert(at);
            if topic == JOURNAL {
                script.head = serde_json::from_slice(&payload).map_err(|error| wrong(&error))?;
            } else {
                script.messages.push(Scripted { at, topic, payload, retained });
            }
        }
        Ok(script)
    }
}

/// Writes down what the plant is told, line by line.
fn journal(path: &Path, twin: &Twin, setup: &Setup) -> Result<simulation::Journal, Failure> {
    refuse_existing(path)?;
    let mut file = Output::create_followed(path).map_err(|error| unwritten(path, &error))?;
    let head = JournalHead { seed: setup.seed, story: setup.story };
    let mut lines = format!("{}\n", recording::header(&twin.name)).into_bytes();
    let payload = serde_json::to_vec(&head).unwrap_or_default();
    recording::write_line(&mut lines, setup.start, JOURNAL, (0, false), &payload);
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
struct Folder(PathBuf);

impl Folder {
    fn path(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}.{SNAPSHOT}"))
    }
}

impl Shelf for Folder {
    fn put(&mut self, name: &str, snapshot: &[u8]) -> Result<(), String> {
        let path = self.path(name);
        output::write(&path, snapshot)
            .map_err(|error| format!("cannot write {}: {error}", path.display()))
    }

    fn get(&mut self, name: &str) -> Result<Vec<u8>, String> {
        let path = self.path(name);
        if path.is_file() {
            let read = files::read(&path, MOST_SNAPSHOT);
            return read.map_err(|_| format!("cannot read {}", path.display()));
        }
        let kept: Vec<String> = std::fs::read_dir(&self.0)
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
                Some((Folder(folder.clone()), every, number))
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
                if let Err(error) = snapshot.and_then(|snapshot| folder.put(&name, &snapshot)) {
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
        refuse_existing(path)?;
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

/// A file that appears when it is complete.
fn create(path: &Path) -> Result<Output, Failure> {
    refuse_existing(path)?;
    Output::create(path).map_err(|error| unwritten(path, &error))
}

fn refuse_existing(path: &Path) -> Outcome {
    match File::open(path).map(|file| file.metadata().is_ok_and(|known| known.is_file())) {
        Ok(true) => Err(Failure::Input(format!(
            "{} is there already and is not overwritten; name another file",
            path.display()
        ))),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(unwritten(path, &error)),
        _ => Ok(()),
    }
}

fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Environment(format!("cannot write {}: {error}", path.display()))
}
