//! A run's files: plans, marks of what is done, failures.

use super::store::Store;
use crate::error::{Error, Result};
use crate::files::{TEXT, read_text};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// A stage of a run, in the order in which they are planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Images and captions become rows.
    Embed,
    /// Ranks, hardest negatives and hinges.
    Rank,
    /// Hard negatives that pass filters.
    Mine,
    /// Pictures under attack.
    Attack,
}

impl Stage {
    /// All, in their order.
    pub const ALL: [Self; 4] = [Self::Embed, Self::Rank, Self::Mine, Self::Attack];

    /// Its name in arguments and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Embed => "embed",
            Self::Rank => "rank",
            Self::Mine => "mine",
            Self::Attack => "attack",
        }
    }
}

impl FromStr for Stage {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(Self::name).join(", ");
        let known = Self::ALL.into_iter().find(|stage| stage.name() == text);
        known.ok_or_else(|| format!("one of {}", names()))
    }
}

/// A file that a task wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileMark {
    /// Its name in the run.
    pub name: String,
    /// Its bytes.
    pub size: u64,
    /// BLAKE3 of them, in hexadecimal.
    pub blake3: String,
}

/// What says that a task is done: written after its files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mark<T> {
    /// BLAKE3 of the plan that the task belongs to.
    pub plan: String,
    /// The task's number.
    pub task: usize,
    /// What it wrote.
    pub files: Vec<FileMark>,
    /// The machine.
    pub host: String,
    /// What computed.
    pub engine: String,
    /// The processor's instructions that products were computed with.
    pub instructions: String,
    /// Seconds of work.
    pub seconds: f64,
    /// What the stage says of the task besides.
    pub of: T,
}

impl<T> Mark<T> {
    /// Of a merge by the plan of this hash.
    pub(super) fn of_merge(plan: String, of: T) -> Self {
        Self {
            plan,
            task: 0,
            files: Vec::new(),
            host: host(),
            engine: "merge".into(),
            instructions: instructions().into(),
            seconds: 0.0,
            of,
        }
    }
}

/// Why a task failed the last time it was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The task's number.
    pub task: usize,
    /// What went wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
    /// The machine.
    pub host: String,
    /// When, in milliseconds since 1970.
    pub at: u64,
}

/// A run.
#[derive(Debug, Clone)]
pub struct Run {
    store: Store,
}

impl Run {
    /// The run at `place`: a folder, or a URL of object storage. It may be empty.
    ///
    /// # Errors
    /// The place is none that can be opened.
    pub fn open(place: &str) -> Result<Self> {
        Store::open(place).map(|store| Self { store })
    }

    /// Where it lies.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The plan of a stage, with its hash; `None` where the stage is not planned.
    ///
    /// # Errors
    /// It cannot be read, or is none that this program writes.
    pub fn plan<T: DeserializeOwned>(&self, stage: Stage) -> Result<Option<(T, String)>> {
        let name = plan_name(stage);
        let Some(bytes) = self.store.read_if_there(&name)? else {
            return Ok(None);
        };
        let plan = serde_json::from_slice(&bytes).map_err(|e| {
            let what = format!(
                "{name} of {} is no plan of this version: {e}",
                self.store.place()
            );
            Error::request(what, "Use the version of nearmiss that planned the run.")
        })?;
        Ok(Some((plan, hash(&bytes))))
    }

    /// Is the stage planned?
    ///
    /// # Errors
    /// The place cannot be read.
    pub fn is_planned(&self, stage: Stage) -> Result<bool> {
        Ok(self.store.about(&plan_name(stage))?.is_some())
    }

    /// As [`Run::plan`], where there must be one.
    ///
    /// # Errors
    /// As there; the stage is not planned.
    pub fn planned<T: DeserializeOwned>(&self, stage: Stage) -> Result<(T, String)> {
        self.plan(stage)?.ok_or_else(|| {
            Error::request(
                format!(
                    "{} has no plan of the stage {}",
                    self.store.place(),
                    stage.name()
                ),
                format!(
                    "Plan it first: nearmiss part plan --run {} --stage {}",
                    self.store.place(),
                    stage.name()
                ),
            )
        })
    }

    /// Writes the plan of a stage. The same plan again changes nothing.
    ///
    /// # Errors
    /// The stage has another plan already; it cannot be written.
    pub fn write_plan<T: Serialize>(&self, stage: Stage, plan: &T) -> Result<String> {
        let name = plan_name(stage);
        let bytes = to_json(plan)?;
        match self.store.read_if_there(&name)? {
            Some(old) if old == bytes => {}
            Some(_) => {
                return Err(Error::request(
                    format!(
                        "{} has another plan of the stage {}",
                        self.store.place(),
                        stage.name()
                    ),
                    format!(
                        "Choose a new place for the run, or remove {name} and what belongs to it."
                    ),
                ));
            }
            None => self.store.write(&name, &bytes)?,
        }
        Ok(hash(&bytes))
    }

    /// The mark of a task; `None` where there is none, or one that is torn or of another plan.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn mark<T: DeserializeOwned>(
        &self,
        kind: &str,
        task: usize,
        plan: &str,
    ) -> Result<Option<Mark<T>>> {
        let bytes = self.store.read_if_there(&mark_name(kind, task, plan))?;
        let mark = bytes.and_then(|bytes| serde_json::from_slice::<Mark<T>>(&bytes).ok());
        Ok(mark.filter(|mark| mark.plan == plan && mark.task == task))
    }

    /// Writes the files of a task, then its mark, and takes back what was said of an earlier failure.
    ///
    /// # Errors
    /// One cannot be written.
    pub fn finish<T: Serialize>(
        &self,
        kind: &str,
        mut mark: Mark<T>,
        files: &[(String, Vec<u8>)],
    ) -> Result<()> {
        for (name, bytes) in files {
            self.store.write(name, bytes)?;
            mark.files.push(FileMark {
                name: name.clone(),
                size: bytes.len() as u64,
                blake3: hash(bytes),
            });
        }
        self.store
            .write(&mark_name(kind, mark.task, &mark.plan), &to_json(&mark)?)?;
        self.store.delete(&failure_name(kind, mark.task))
    }

    /// Takes a task's mark by the plan of this hash away, so that it is done again.
    ///
    /// # Errors
    /// It cannot be deleted.
    pub fn unmark(&self, kind: &str, task: usize, plan: &str) -> Result<()> {
        self.store.delete(&mark_name(kind, task, plan))
    }

    /// Notes that a task failed.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn fail(&self, kind: &str, failure: &Failure) -> Result<()> {
        self.store
            .write(&failure_name(kind, failure.task), &to_json(failure)?)
    }

    /// Reads a file that a task wrote, and checks that it is what was written.
    ///
    /// # Errors
    /// It is missing, cannot be read, or has other bytes.
    pub fn read(&self, file: &FileMark) -> Result<Vec<u8>> {
        let Some(bytes) = self.store.read_if_there(&file.name)? else {
            return Err(self.broken(&file.name, "is missing"));
        };
        if bytes.len() as u64 != file.size {
            let what = format!("has {} bytes, not {}", bytes.len(), file.size);
            return Err(self.broken(&file.name, &what));
        }
        if hash(&bytes) != file.blake3 {
            return Err(self.broken(&file.name, "is damaged: its hash is another"));
        }
        Ok(bytes)
    }

    /// A part that is not as it was written.
    fn broken(&self, name: &str, what: &str) -> Error {
        Error::request(
            format!("{name} of {} {what}", self.store.place()),
            format!(
                "nearmiss part merge {}{} names every such part and lets its task be done again.",
                self.store.place(),
                stage_of(name)
            ),
        )
    }
}

/// The argument that says which stage wrote a file.
fn stage_of(name: &str) -> String {
    let stage = name
        .strip_prefix("parts/")
        .and_then(|rest| rest.split_once('/'));
    stage.map_or_else(String::new, |(stage, _)| format!(" --stage {stage}"))
}

/// The name of the plan of a stage.
pub(super) fn plan_name(stage: Stage) -> String {
    format!("plan-{}.json", stage.name())
}

/// The name of a mark tells its plan, so that a list of names says what is done by a plan.
fn mark_name(kind: &str, task: usize, plan: &str) -> String {
    format!("done/{kind}/{task:05}.{}.json", short(plan))
}

/// What of a plan's hash is in the names of marks.
fn short(plan: &str) -> &str {
    plan.get(..16).unwrap_or(plan)
}

/// The task of a mark of this name by the plan of this hash; `None` of another plan.
pub(super) fn marked(name: &str, plan: &str) -> Option<usize> {
    let name = name.rsplit('/').next()?.strip_suffix(".json")?;
    let (task, of) = name.split_once('.')?;
    (of == short(plan)).then(|| task.parse().ok())?
}

fn failure_name(kind: &str, task: usize) -> String {
    format!("failed/{kind}/{task:05}.json")
}

/// The name of a file of a task.
pub(super) fn part_name(kind: &str, task: usize, ending: &str) -> String {
    format!("parts/{kind}/{task:05}.{ending}")
}

/// BLAKE3 in hexadecimal.
pub(super) fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// As JSON, the same bytes for the same value.
pub(super) fn to_json(value: &impl Serialize) -> Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(value)
        .map_err(|e| Error::request(format!("this cannot be written as JSON: {e}"), ""))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// What this machine is called.
pub fn host() -> String {
    let of_system = || read_text("/proc/sys/kernel/hostname".as_ref(), TEXT).ok();
    let name = std::env::var("HOSTNAME").ok().or_else(of_system);
    name.map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "unknown".into())
}

/// The processor's instructions that products are computed with: with others scores differ in their last digits.
pub fn instructions() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx512f") {
            "x86-64 AVX-512"
        } else if std::arch::is_x86_feature_detected!("fma") {
            "x86-64 AVX2 and FMA"
        } else {
            "x86-64"
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        std::env::consts::ARCH
    }
}
