//! The running half of the application: what is open, selected and under way.

use super::browser::Browser;
use super::identity::{Derived, Identities};
use super::open::Open;
use super::paths::PathQuestion;
use super::query::{AnswerView, Query};
use super::ran::Runs;
use super::sets::Sets;
use super::settings::Settings;
use super::slot::JobView;
use super::story::Story;
use super::tab::Tab;
use super::workspace::Workspace;
use crate::compute::{Adapter, Direction, Embedded};
use crate::dataset::Dataset;
use crate::encoder::{EncoderInfo, EncoderOptions};
use crate::error::Question;
use crate::retrieval::{Evaluation, NearMiss, Side};
use crate::runtime::RuntimeInfo;
use crate::source::EncoderSource;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// What the chips say of runtime and compute.
#[derive(Debug, Clone, Default)]
pub struct RuntimeView {
    /// The inference runtime, once found.
    pub runtime: Option<RuntimeInfo>,
    /// The compute engine, once chosen.
    pub engine: Option<String>,
    /// The graphics adapters.
    pub adapters: Vec<Adapter>,
    /// What the program keeps of its own: what, and where.
    pub places: Vec<(&'static str, String)>,
    /// An ONNX Runtime was installed and is used after a restart.
    pub restart: bool,
}

/// How bad a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Something was done.
    Info,
    /// Something is not as asked.
    Warning,
    /// Something failed.
    Error,
}

/// A message of this session.
#[derive(Debug, Clone)]
pub struct Entry {
    /// How bad it is.
    pub level: Level,
    /// What happened, with the file.
    pub text: String,
    /// What to do.
    pub remedy: String,
    /// When.
    pub at: Instant,
    /// Still shown as a toast.
    pub toast: bool,
}

/// A workspace on its way; what was open stays until it is here.
#[derive(Debug, Clone)]
pub struct Pending {
    /// The workspace.
    pub workspace: Workspace,
    /// Its file.
    pub file: Option<PathBuf>,
    /// Is its data still to come?
    pub data: bool,
    /// Is its encoder still to come?
    pub encoder: bool,
}

/// What is open and selected.
pub struct Session {
    /// What is remembered between starts.
    pub settings: Settings,
    /// Data, encoder and settings of this investigation.
    pub workspace: Workspace,
    /// The workspace's file.
    pub file: Option<PathBuf>,
    /// What is open, and what is known of it.
    pub open: Open,
    /// Which side queries.
    pub side: Side,
    /// The browser's list.
    pub browser: Browser,
    /// What holds the words that were looked for last: the words, titles and rows.
    pub found: Derived<(String, Vec<(String, Query)>)>,
    /// Sets of images.
    pub sets: Sets,
    /// The first minute.
    pub story: Story,
    /// The view shown.
    pub tab: Tab,
    /// What the chips say.
    pub runtime: RuntimeView,
    /// Messages, oldest first.
    pub log: Vec<Entry>,
    /// What was run, with which settings.
    pub runs: Runs,
    /// Jobs under way.
    pub jobs: Vec<JobView>,
    /// The encoder that is being opened or asked about, with what the user said of it.
    pub opening: Option<(EncoderSource, EncoderOptions)>,
    /// The workspace that is being opened.
    pub pending: Option<Pending>,
    /// A question about the encoder that waits for an answer, with the model's path.
    pub question: Option<(PathBuf, Question)>,
    /// A path that is asked for.
    pub path_question: Option<PathQuestion>,
}

impl Session {
    /// Nothing open; `tab` is shown.
    pub fn new(settings: Settings, tab: Tab) -> Self {
        Self {
            settings,
            workspace: Workspace::default(),
            file: None,
            open: Open::default(),
            side: Side::Image,
            browser: Browser::default(),
            found: Derived::default(),
            sets: Sets::default(),
            story: Story::default(),
            tab,
            runtime: RuntimeView::default(),
            log: Vec::new(),
            runs: Runs::default(),
            jobs: Vec::new(),
            opening: None,
            pending: None,
            question: None,
            path_question: None,
        }
    }

    /// The current identity of every part of what is open.
    pub fn now(&self) -> &Identities {
        self.open.now()
    }

    /// The open dataset.
    pub fn dataset(&self) -> Option<&Arc<Dataset>> {
        self.open.dataset()
    }

    /// The open encoder.
    pub fn encoder(&self) -> Option<&EncoderInfo> {
        self.open.encoder()
    }

    /// The embeddings of what is open.
    pub fn embedded(&self) -> Option<&Embedded> {
        self.open.embedded()
    }

    /// The ranking of the full set.
    pub fn ranking(&self) -> Option<&Arc<Evaluation>> {
        self.open.ranking()
    }

    /// The evaluation of the full set or the folds.
    pub fn evaluation(&self) -> Option<&Arc<Evaluation>> {
        self.open.evaluation()
    }

    /// The current query.
    pub fn query(&self) -> Option<&Query> {
        self.open.query()
    }

    /// The current answer; may still be the one before.
    pub fn answer(&self) -> Option<&Arc<AnswerView>> {
        self.open.answer()
    }

    /// The ranking of one side's queries over the full set.
    pub fn direction(&self, side: Side) -> Option<&Direction> {
        Some(self.ranking()?.direction(side))
    }

    /// Recomputes the browser's list.
    pub fn refresh_browser(&mut self) {
        let Some(dataset) = self.dataset().cloned() else {
            self.browser.rows.clear();
            return;
        };
        let mut browser = std::mem::take(&mut self.browser);
        let only = self.sets.shown();
        browser.refresh(&dataset, self.side, self.direction(self.side), only, || {
            false
        });
        self.browser = browser;
    }

    /// The case of the first minute, once chosen.
    pub fn case(&self) -> Option<&NearMiss> {
        self.story.case.get(self.now())?.as_ref()
    }

    /// The browser row of the current query.
    pub fn selected(&self) -> Option<usize> {
        match self.query() {
            Some(&Query::Row(side, index)) if side == self.side => Some(index),
            _ => None,
        }
    }

    /// Does `path` end as a file of this kind does? Where it does not, that is said.
    pub fn ends_with(&mut self, path: &Path, ending: &str) -> bool {
        let own = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        let fits = own.as_deref() == Some(ending);
        if !fits {
            let text = format!("{} does not end as such a file does.", path.display());
            self.say(Level::Warning, text, format!("Name it .{ending}."));
        }
        fits
    }

    /// Adds a message and shows it as a toast.
    pub fn say(&mut self, level: Level, text: impl Into<String>, remedy: impl Into<String>) {
        const KEPT: usize = 500;
        let entry = Entry {
            level,
            text: text.into(),
            remedy: remedy.into(),
            at: Instant::now(),
            toast: true,
        };
        self.log.push(entry);
        if self.log.len() > KEPT {
            self.log.remove(0);
        }
    }
}
