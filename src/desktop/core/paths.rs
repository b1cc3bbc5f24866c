//! Paths that are asked for in the window, where the system has no file dialog or the user wants none.

use crate::error::{Error, Result};
use crate::task::{Task, lock};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// What a path is to be of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathKind {
    /// A folder.
    Folder,
    /// A file that is there.
    File,
    /// A file to be written.
    Place,
}

/// A question for a path.
#[derive(Debug, Clone, PartialEq)]
pub struct PathQuestion {
    /// Which one.
    pub id: u64,
    /// What it is for.
    pub title: String,
    /// What it is to be of.
    pub kind: PathKind,
    /// What the field holds at first, or held.
    pub text: String,
    /// Why the last answer was not taken.
    pub problem: Option<String>,
    /// Is that a file that would be replaced?
    pub replaces: bool,
    /// Paths below the folder that was answered, to choose from.
    pub entries: Vec<String>,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathAnswer {
    /// Which question.
    pub id: u64,
    /// The path; `None` where there is to be none.
    pub text: Option<String>,
    /// May a file that is there be replaced?
    pub replace: bool,
}

/// A question, and its answer once there is one.
struct Open {
    question: PathQuestion,
    answer: Option<PathAnswer>,
}

#[derive(Default)]
struct Shared {
    open: Mutex<(u64, Vec<Open>)>,
    answered: Condvar,
    /// Are paths always asked for in the window?
    always: AtomicBool,
}

/// The questions for paths: asked by jobs, answered in the window.
#[derive(Clone)]
pub struct Paths {
    shared: Arc<Shared>,
    ctx: egui::Context,
}

impl Paths {
    /// No questions; the window of `ctx` is woken by each.
    pub fn new(ctx: &egui::Context) -> Self {
        Self {
            shared: Arc::default(),
            ctx: ctx.clone(),
        }
    }

    /// Are they asked for in the window even where the system has dialogs?
    pub fn is_always(&self) -> bool {
        self.shared.always.load(Ordering::Relaxed)
    }

    /// Asks for them in the window always, or only where the system has no dialog.
    pub fn set_always(&self, always: bool) {
        self.shared.always.store(always, Ordering::Relaxed);
    }

    /// The question that is to be answered now.
    pub fn question(&self) -> Option<PathQuestion> {
        let open = lock(&self.shared.open);
        let waiting = open.1.iter().find(|open| open.answer.is_none());
        waiting.map(|open| open.question.clone())
    }

    /// Answers a question.
    pub fn answer(&self, answer: PathAnswer) {
        let mut open = lock(&self.shared.open);
        if let Some(of) = open.1.iter_mut().find(|o| o.question.id == answer.id) {
            of.answer = Some(answer);
        }
        drop(open);
        self.shared.answered.notify_all();
    }

    /// Asks for a path and waits until a usable one is answered; `endings`: those of the files that are listed.
    ///
    /// # Errors
    /// The question was closed without an answer, or the task cancelled: [`Error::Cancelled`].
    pub fn ask(
        &self,
        (title, kind, name): (&str, PathKind, &str),
        endings: &[&str],
        task: &Task,
    ) -> Result<PathBuf> {
        let mut question = PathQuestion {
            id: 0,
            title: title.to_owned(),
            kind,
            text: start(name),
            problem: None,
            replaces: false,
            entries: Vec::new(),
        };
        loop {
            let answer = self.wait(&mut question, task)?;
            let Some(text) = answer.text else {
                return Err(Error::Cancelled);
            };
            question.replaces = false;
            question.entries.clear();
            let path = absolute(text.trim());
            question.text = path.display().to_string();
            match problem(&path, kind) {
                None => return Ok(path),
                Some(Problem::Replaces) if answer.replace => return Ok(path),
                Some(Problem::Replaces) => {
                    question.replaces = true;
                    question.problem = Some(format!("{} is there already", path.display()));
                }
                Some(Problem::Folder) => {
                    question.problem = Some("This is a folder; choose what is in it".into());
                    question.entries = entries(&path, endings);
                }
                Some(Problem::Told(why)) => question.problem = Some(why),
            }
        }
    }

    fn wait(&self, question: &mut PathQuestion, task: &Task) -> Result<PathAnswer> {
        let mut open = lock(&self.shared.open);
        open.0 += 1;
        question.id = open.0;
        let id = question.id;
        open.1.push(Open {
            question: question.clone(),
            answer: None,
        });
        self.ctx.request_repaint();
        loop {
            let at = open.1.iter().position(|open| open.question.id == id);
            let (Some(at), Ok(())) = (at, task.check()) else {
                open.1.retain(|open| open.question.id != id);
                self.ctx.request_repaint();
                return Err(Error::Cancelled);
            };
            if let Some(answer) = open.1[at].answer.take() {
                open.1.remove(at);
                return Ok(answer);
            }
            let waited = self
                .shared
                .answered
                .wait_timeout(open, Duration::from_millis(100));
            open = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// Why a path cannot be taken.
enum Problem {
    /// A file is there.
    Replaces,
    /// A folder, where a file is asked for.
    Folder,
    /// Something else.
    Told(String),
}

fn problem(path: &Path, kind: PathKind) -> Option<Problem> {
    let told = |why: &str| Some(Problem::Told(format!("{} {why}", path.display())));
    let (is_folder, is_there) = (path.is_dir(), path.exists());
    match kind {
        PathKind::Folder if is_there && !is_folder => told("is a file, not a folder"),
        // A folder to write to may be made.
        PathKind::Folder if is_there || path.parent().is_some_and(Path::is_dir) => None,
        PathKind::Folder => told("does not exist"),
        PathKind::File | PathKind::Place if is_folder => Some(Problem::Folder),
        PathKind::File if !is_there => told("does not exist"),
        PathKind::File => None,
        PathKind::Place if is_there => Some(Problem::Replaces),
        PathKind::Place if path.parent().is_some_and(Path::is_dir) => None,
        PathKind::Place => told("lies in a folder that does not exist"),
    }
}

/// Where the field begins: in the user's home, with the suggested name.
fn start(name: &str) -> String {
    let home = home().unwrap_or_default();
    let mut text = home.join(name).display().to_string();
    if name.is_empty() && !text.ends_with(std::path::MAIN_SEPARATOR) {
        text.push(std::path::MAIN_SEPARATOR);
    }
    text
}

fn home() -> Option<PathBuf> {
    directories::UserDirs::new().map(|dirs| dirs.home_dir().to_path_buf())
}

/// The path with "~" as the home, from the working folder where it is relative.
fn absolute(text: &str) -> PathBuf {
    let path = match (text.strip_prefix('~'), home()) {
        (Some(rest), Some(home)) => home.join(rest.trim_start_matches(['/', '\\'])),
        _ => PathBuf::from(text),
    };
    std::path::absolute(&path).unwrap_or(path)
}

/// What a folder holds: its folders, then the files with one of the endings (all where there is none).
fn entries(folder: &Path, endings: &[&str]) -> Vec<String> {
    const MOST: usize = 200;
    let listed = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<(bool, String)> = listed
        .filter_map(|entry| {
            let path = entry.path();
            let is_file = !path.is_dir();
            let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
            let fits = endings.is_empty() || ending.is_some_and(|e| endings.contains(&e.as_str()));
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            (!hidden && (!is_file || fits)).then(|| (is_file, path.display().to_string()))
        })
        .take(MOST * 10)
        .collect();
    found.sort();
    found.truncate(MOST);
    found.into_iter().map(|(_, path)| path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers the next question with `text`.
    fn answer(paths: &Paths, text: Option<&Path>, replace: bool) -> PathQuestion {
        let question = loop {
            if let Some(question) = paths.question() {
                break question;
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        paths.answer(PathAnswer {
            id: question.id,
            text: text.map(|path| path.display().to_string()),
            replace,
        });
        question
    }

    fn asked(paths: &Paths, kind: PathKind) -> std::thread::JoinHandle<Result<PathBuf>> {
        let paths = paths.clone();
        std::thread::spawn(move || paths.ask(("Save", kind, "a.csv"), &["csv"], &Task::detached()))
    }

    #[test]
    fn a_path_is_asked_for_until_it_can_be_taken() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("there.csv"), "").unwrap();
        std::fs::write(at("other.txt"), "").unwrap();
        let paths = Paths::new(&egui::Context::default());
        let job = asked(&paths, PathKind::Place);
        assert!(
            answer(&paths, Some(folder.path()), false)
                .text
                .ends_with("a.csv")
        );
        let inside = answer(&paths, Some(&at("no/b.csv")), false);
        assert_eq!(inside.entries, [at("there.csv").display().to_string()]);
        let missing = answer(&paths, Some(&at("there.csv")), false);
        assert!(missing.problem.unwrap().contains("does not exist"));
        let replaces = answer(&paths, Some(&at("there.csv")), true);
        assert!(replaces.replaces);
        assert_eq!(job.join().unwrap().unwrap(), at("there.csv"));
        let job = asked(&paths, PathKind::File);
        answer(&paths, Some(&at("gone.csv")), true);
        answer(&paths, None, false);
        assert!(job.join().unwrap().unwrap_err().is_cancelled());
        assert_eq!(paths.question(), None);
    }

    #[test]
    fn a_cancelled_job_takes_its_question_along() {
        let paths = Paths::new(&egui::Context::default());
        let cancelled = Arc::new(AtomicBool::new(false));
        let task = Task::cancelled_by(Arc::clone(&cancelled));
        let own = paths.clone();
        let job = std::thread::spawn(move || own.ask(("Open", PathKind::Folder, ""), &[], &task));
        while paths.question().is_none() {
            std::thread::sleep(Duration::from_millis(2));
        }
        cancelled.store(true, Ordering::Relaxed);
        assert!(job.join().unwrap().unwrap_err().is_cancelled());
        assert_eq!(paths.question(), None);
    }
}
