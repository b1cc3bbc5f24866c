//! What goes wrong: the cause, the file, and what to do about it.

use serde::Serialize;
use std::path::{Path, PathBuf};

/// What the crate's functions return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// All that can go wrong. `Display` gives cause and file, [`Error::remedy`] what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused a file operation.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was attempted, as a verb: "read".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's own word.
        source: std::io::Error,
    },
    /// A file that is no model, or a damaged one; a request that does not fit the model.
    #[error("{}: {what}", path.display())]
    Model {
        /// The model.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
        /// What to do.
        remedy: String,
    },
    /// A model that no gradient passes, because of these nodes.
    #[error("{}: no gradient passes {}", path.display(), Blocking::listed(blocking))]
    NoGradient {
        /// The model.
        path: PathBuf,
        /// Every node that stands in the way.
        blocking: Vec<Blocking>,
    },
    /// A use of operators that the transform does not cover.
    #[error("{}{what}", before(path.as_deref()))]
    Unsupported {
        /// The model; `None` while one of its nodes is looked at, which the driver names.
        path: Option<PathBuf>,
        /// What is not covered.
        what: String,
    },
    /// The engine cannot run the model on the feeds of the request.
    #[error("{}: it does not run on {feeds}: {why}", path.display())]
    DoesNotRun {
        /// The model.
        path: PathBuf,
        /// Names, types and shapes of what was fed.
        feeds: String,
        /// What the engine said.
        why: String,
    },
    /// Arguments that do not fit together, or the model.
    #[error("{what}")]
    Request {
        /// What does not fit.
        what: String,
        /// What to do.
        remedy: String,
    },
    /// The engine failed.
    #[error(transparent)]
    Engine(Box<dyn std::error::Error + Send + Sync>),
    /// The [`Monitor`](crate::Monitor) asked the work to stop.
    #[error("cancelled")]
    Cancelled,
    /// A defect of this crate, turned into a message.
    #[error("Differentiating {} stopped on an internal fault: {what}", path.display())]
    Panic {
        /// The model.
        path: PathBuf,
        /// The panic's message.
        what: String,
    },
}

/// A node of a model that no gradient passes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Blocking {
    /// Its operator, with the domain where that is not the default one.
    pub op: String,
    /// Its name, else that of what it makes.
    pub node: String,
    /// Why, in words.
    pub why: String,
}

impl Blocking {
    /// Operator, reason and nodes, one entry for all nodes that block alike, in order of appearance.
    pub fn grouped(blocking: &[Self]) -> Vec<(&str, &str, Vec<&str>)> {
        let mut groups: Vec<(&str, &str, Vec<&str>)> = Vec::new();
        for b in blocking {
            match groups
                .iter_mut()
                .find(|(op, why, _)| *op == b.op && *why == b.why)
            {
                Some((_, _, nodes)) => nodes.push(&b.node),
                None => groups.push((&b.op, &b.why, vec![&b.node])),
            }
        }
        groups
    }

    /// "Foo (it has no gradient rule; a, b); If (...)".
    pub fn listed(blocking: &[Self]) -> String {
        let groups = Self::grouped(blocking).into_iter();
        let texts = groups.map(|(op, why, nodes)| format!("{op} ({why}; {})", nodes.join(", ")));
        texts.collect::<Vec<_>>().join("; ")
    }
}

fn before(path: Option<&Path>) -> String {
    path.map_or_else(String::new, |path| format!("{}: ", path.display()))
}

impl Error {
    /// An I/O failure; use as `.map_err(Error::io("read", path))`.
    pub fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }

    /// A model that cannot be used.
    pub fn model(path: &Path, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Model {
            path: path.to_path_buf(),
            what: what.into(),
            remedy: remedy.into(),
        }
    }

    /// Arguments that do not fit.
    pub fn request(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Request {
            what: what.into(),
            remedy: remedy.into(),
        }
    }

    /// A failure of the engine: its own error, or what it said.
    pub fn engine(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Engine(source.into())
    }

    /// The same, said of the model at `path` where no file is named yet.
    pub(crate) fn of_model(self, path: &Path) -> Self {
        match self {
            Self::Request { what, remedy } => Self::model(path, what, remedy),
            Self::Unsupported { path: None, what } => Self::Unsupported {
                path: Some(path.to_path_buf()),
                what,
            },
            other => other,
        }
    }

    /// What can be done about it; empty where nobody knows.
    pub fn remedy(&self) -> &str {
        match self {
            Self::Model { remedy, .. } | Self::Request { remedy, .. } => remedy,
            Self::NoGradient { .. } | Self::Unsupported { .. } => {
                "This model cannot be differentiated as it is."
            }
            Self::DoesNotRun { .. } => "Give the sizes that the model expects.",
            Self::Panic { .. } => "This is a defect of nearmiss-grad; please report the model.",
            Self::Io { .. } | Self::Engine(_) | Self::Cancelled => "",
        }
    }

    /// Was the work stopped by its caller?
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled)
    }
}

/// An error that names every node that blocks the model at `path`, where there is one.
pub(crate) fn refuse(path: &Path, blocking: Vec<Blocking>) -> Result<()> {
    if blocking.is_empty() {
        return Ok(());
    }
    Err(Error::NoGradient {
        path: path.to_path_buf(),
        blocking,
    })
}
