//! The running half of the application: what is open, selected and under way.

use super::browser::Browser;
use super::identity::Identities;
use super::open::Open;
use super::sets::Sets;
use super::settings::Settings;
use super::slot::JobView;
use super::tab::Tab;
use super::workspace::Workspace;
use crate::compute::{Adapter, Direction, Embedded, Hit};
use crate::dataset::{Dataset, Picture};
use crate::encoder::{EncoderInfo, EncoderOptions};
use crate::error::Question;
use crate::grad::Card;
use crate::retrieval::{Evaluation, Side};
use crate::runtime::RuntimeInfo;
use crate::source::EncoderSource;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// What is asked of the other side.
#[derive(Debug, Clone)]
pub enum Query {
    /// A row of the dataset.
    Row(Side, usize),
    /// Words typed.
    Text(String),
    /// A picture dropped or opened.
    Picture {
        /// Its file name.
        name: String,
        /// The picture itself.
        picture: Arc<Picture>,
    },
}

impl PartialEq for Query {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Row(a, i), Self::Row(b, j)) => a == b && i == j,
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Picture { picture: a, .. }, Self::Picture { picture: b, .. }) => {
                Arc::ptr_eq(a, b)
            }
            _ => false,
        }
    }
}

impl Query {
    /// The side that the query is on; the answers are on the other.
    pub fn side(&self) -> Side {
        match self {
            Self::Row(side, _) => *side,
            Self::Text(_) => Side::Text,
            Self::Picture { .. } => Side::Image,
        }
    }
}

/// A query's answer, ready to draw.
#[derive(Debug, Clone)]
pub struct AnswerView {
    /// The query it answers.
    pub query: Query,
    /// The side of the candidates: the other one than the query's, or images where there are no captions.
    pub of: Side,
    /// Best candidates, best first.
    pub hits: Vec<Hit>,
    /// Candidates in all.
    pub candidates: usize,
    /// Rows of the right ones; empty for a free query.
    pub positives: Range<usize>,
    /// Rank of the best right one.
    pub rank: Option<u32>,
    /// Score of the best right one less that of the hardest negative.
    pub margin: Option<f32>,
    /// Right ones that are not among `hits`, with their scores.
    pub below: Vec<Hit>,
}

/// What the chips say of runtime and compute.
#[derive(Debug, Clone, Default)]
pub struct RuntimeView {
    /// The inference runtime, once found.
    pub runtime: Option<RuntimeInfo>,
    /// The compute engine, once chosen.
    pub engine: Option<String>,
    /// The graphics adapters.
    pub adapters: Vec<Adapter>,
    /// An ONNX Runtime was installed and is used after a restart.
    pub restart: bool,
}

/// The card of one of the encoder's models.
#[derive(Debug, Clone)]
pub struct ModelCard {
    /// Which side it embeds.
    pub side: Side,
    /// Its file.
    pub file: PathBuf,
    /// What was found; the error's text where it could not be examined.
    pub card: Result<Arc<Card>, String>,
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
    /// Sets of images.
    pub sets: Sets,
    /// The view shown.
    pub tab: Tab,
    /// What the chips say.
    pub runtime: RuntimeView,
    /// Messages, oldest first.
    pub log: Vec<Entry>,
    /// Jobs under way.
    pub jobs: Vec<JobView>,
    /// The encoder that is being opened or asked about, with what the user said of it.
    pub opening: Option<(EncoderSource, EncoderOptions)>,
    /// The workspace that is being opened.
    pub pending: Option<Pending>,
    /// A question about the encoder that waits for an answer, with the model's path.
    pub question: Option<(PathBuf, Question)>,
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
            sets: Sets::default(),
            tab,
            runtime: RuntimeView::default(),
            log: Vec::new(),
            jobs: Vec::new(),
            opening: None,
            pending: None,
            question: None,
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
        browser.refresh(&dataset, self.side, self.direction(self.side), only);
        self.browser = browser;
    }

    /// The browser row of the current query.
    pub fn selected(&self) -> Option<usize> {
        match self.query() {
            Some(&Query::Row(side, index)) if side == self.side => Some(index),
            _ => None,
        }
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
