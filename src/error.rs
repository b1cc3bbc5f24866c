//! The one error type of the library: what went wrong, in which file, and what to do about it.

pub use nearmiss_grad::Blocking;

use std::path::{Path, PathBuf};

/// What the library's functions return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong. `Display` gives cause and file; [`Error::remedy`] what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused a file operation.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was attempted, as a verb: "read", "write", "create".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's own word.
        source: std::io::Error,
    },
    /// A dataset, caption file or picture that cannot be used.
    #[error("{}: {what}", path.display())]
    Dataset {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
        /// What to do.
        remedy: String,
    },
    /// A file that was opened before is no longer what it was: everything noted of it is worthless.
    #[error("{}: {what}", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// What happened to it.
        what: &'static str,
    },
    /// A model, tokenizer or preprocessing file that cannot be used.
    #[error("{}: {what}", path.display())]
    Model {
        /// The file or folder.
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
    /// Something about an encoder that only the user can say.
    #[error("{}: {question}", path.display())]
    Ask {
        /// The model file or folder.
        path: PathBuf,
        /// What must be chosen.
        question: Question,
    },
    /// The inference runtime or an execution provider failed.
    #[error("{what}")]
    Runtime {
        /// What failed and why.
        what: String,
        /// What to do.
        remedy: String,
    },
    /// A compute engine failed.
    #[error("{what}")]
    Compute {
        /// What failed and why.
        what: String,
        /// What to do.
        remedy: String,
    },
    /// Arguments or inputs that do not fit together.
    #[error("{what}")]
    Request {
        /// What does not fit.
        what: String,
        /// What to do.
        remedy: String,
    },
    /// A plan of work in parts fits neither the program nor the data any more: to try again does not help.
    #[error("{what}")]
    Plan {
        /// What does not fit.
        what: String,
    },
    /// The user cancelled the work.
    #[error("cancelled")]
    Cancelled,
    /// A job panicked: a defect of ours, turned into a message.
    #[error("{job} stopped on an internal fault: {what}")]
    Panic {
        /// The job's name.
        job: String,
        /// The panic's message.
        what: String,
    },
}

/// A choice about an encoder that is never guessed silently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// No `preprocessor_config.json`: how are pictures resized and normalised?
    Preprocess,
    /// Which output of the image model is the embedding?
    ImageOutput(Vec<String>),
    /// Which output of the text model is the embedding?
    TextOutput(Vec<String>),
    /// The image model's output, in words, holds a vector per patch: which pooling makes it one?
    ImagePool(String),
    /// The text model's output, in words, holds a vector per token: which pooling makes it one?
    TextPool(String),
}

impl std::fmt::Display for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Preprocess => f.write_str("no preprocessor_config.json beside the model"),
            Self::ImageOutput(names) => {
                write!(
                    f,
                    "which output is the image embedding? It has {}",
                    names.join(", ")
                )
            }
            Self::TextOutput(names) => {
                write!(
                    f,
                    "which output is the text embedding? It has {}",
                    names.join(", ")
                )
            }
            Self::ImagePool(port) | Self::TextPool(port) => {
                write!(
                    f,
                    "its output {port} holds a vector per token or patch, not one embedding per row: which pooling makes \
                     it one?"
                )
            }
        }
    }
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

    /// A dataset or picture that cannot be used.
    pub fn dataset(path: &Path, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Dataset {
            path: path.to_path_buf(),
            what: what.into(),
            remedy: remedy.into(),
        }
    }

    /// A model, tokenizer or preprocessing file that cannot be used.
    pub fn model(path: &Path, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Model {
            path: path.to_path_buf(),
            what: what.into(),
            remedy: remedy.into(),
        }
    }

    /// A runtime failure.
    pub fn runtime(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Runtime {
            what: what.into(),
            remedy: remedy.into(),
        }
    }

    /// A compute failure.
    pub fn compute(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Compute {
            what: what.into(),
            remedy: remedy.into(),
        }
    }

    /// Inputs that do not fit together.
    pub fn request(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Request {
            what: what.into(),
            remedy: remedy.into(),
        }
    }

    /// A plan that fits neither the program nor the data.
    pub fn plan(what: impl Into<String>) -> Self {
        Self::Plan { what: what.into() }
    }

    /// The file or folder that it is about.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Io { path, .. }
            | Self::Dataset { path, .. }
            | Self::Changed { path, .. }
            | Self::Model { path, .. }
            | Self::NoGradient { path, .. }
            | Self::Ask { path, .. } => Some(path),
            _ => None,
        }
    }

    /// What went wrong, without the name of [`Error::file`].
    pub fn cause(&self) -> String {
        match self {
            Self::Io { action, source, .. } => format!("cannot {action} it: {source}"),
            Self::Dataset { what, .. } | Self::Model { what, .. } => what.clone(),
            Self::Changed { what, .. } => (*what).to_owned(),
            Self::NoGradient { blocking, .. } => {
                format!("no gradient passes {}", Blocking::listed(blocking))
            }
            Self::Ask { question, .. } => question.to_string(),
            other => other.to_string(),
        }
    }

    /// What the user can do about it; empty where there is nothing to do.
    pub fn remedy(&self) -> String {
        match self {
            Self::Io { source, .. } => match source.kind() {
                std::io::ErrorKind::NotFound => "Check that the file is still there.".into(),
                std::io::ErrorKind::PermissionDenied => "Check its permissions.".into(),
                std::io::ErrorKind::StorageFull => {
                    "The disk is full: free some space, then try again.".into()
                }
                std::io::ErrorKind::InvalidInput => "Give a regular file.".into(),
                std::io::ErrorKind::FileTooLarge => "Split it, or leave it out.".into(),
                std::io::ErrorKind::ResourceBusy => {
                    "Wait for the program that uses it, or end it; then try again.".into()
                }
                _ => String::new(),
            },
            Self::Changed { .. } => "Put it back, or open it again as it is now.".into(),
            Self::Dataset { remedy, .. }
            | Self::Model { remedy, .. }
            | Self::Runtime { remedy, .. }
            | Self::Compute { remedy, .. }
            | Self::Request { remedy, .. } => remedy.clone(),
            Self::Ask { question, .. } => match question {
                Question::Preprocess => "Choose the preprocessing.".into(),
                _ => "Choose it.".into(),
            },
            Self::NoGradient { .. } => {
                "Attacks by queries alone need no gradient and work on this model.".into()
            }
            Self::Plan { .. } => {
                "Put back what it was planned with, or plan the run anew in another place.".into()
            }
            Self::Cancelled => String::new(),
            Self::Panic { .. } => {
                "This is a defect of nearmiss; the window goes on. Please report what you did."
                    .into()
            }
        }
    }

    /// Does this end the work as a whole, rather than spoil the one picture at which it was noticed?
    pub fn ends_all(&self) -> bool {
        matches!(self, Self::Changed { .. } | Self::Cancelled)
    }

    /// Is this the user's own cancel, which needs no message?
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled)
    }
}

/// What the gradient transform says, with the way out that this program offers.
impl From<nearmiss_grad::Error> for Error {
    fn from(error: nearmiss_grad::Error) -> Self {
        use nearmiss_grad::Error as Grad;
        let what = error.to_string();
        let remedy = error.remedy().to_owned();
        match error {
            Grad::Io {
                action,
                path,
                source,
            } => Self::Io {
                action,
                path,
                source,
            },
            Grad::Model { path, what, .. } => Self::Model { path, what, remedy },
            Grad::NoGradient { path, blocking } => Self::NoGradient { path, blocking },
            Grad::Unsupported { path, what } => {
                let remedy = "This model cannot be differentiated as it is; query attacks remain.";
                match path {
                    Some(path) => Self::model(&path, what, remedy),
                    None => Self::request(what, remedy),
                }
            }
            Grad::DoesNotRun { path, feeds, why } => {
                Self::model(&path, format!("it does not run on {feeds}: {why}"), remedy)
            }
            Grad::Request { what, .. } => Self::Request { what, remedy },
            Grad::Engine(source) => match source.downcast::<Self>() {
                // What our own engine said.
                Ok(own) => *own,
                Err(_) => Self::Runtime { what, remedy },
            },
            Grad::Cancelled => Self::Cancelled,
            Grad::Panic { path, what } => Self::Panic {
                job: format!("Differentiating {}", path.display()),
                what,
            },
        }
    }
}

/// What the program's engine says, on its way through the gradient transform.
impl From<Error> for nearmiss_grad::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Cancelled => Self::Cancelled,
            other => Self::engine(other),
        }
    }
}

/// A count with commas between the thousands, for messages.
pub fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// "1 image", "25,000 images".
pub fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", thousands(number as u64))
}

/// A size in MB (10^6 bytes), or smaller units below one.
pub fn bytes_told(number: u64) -> String {
    match number {
        0..1_000 => format!("{number} B"),
        1_000..1_000_000 => format!("{:.1} kB", number as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", number as f64 / 1e6),
        _ => format!("{:.2} GB", number as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_and_cause_are_the_parts_of_an_error() {
        let path = Path::new("a/b.onnx");
        let io = Error::io("read", path)(std::io::ErrorKind::NotFound.into());
        assert!(io.cause().starts_with("cannot read it: "), "{}", io.cause());
        let model = Error::model(path, "is torn", "");
        assert_eq!((io.file(), model.file()), (Some(path), Some(path)));
        assert_eq!(model.to_string(), format!("a/b.onnx: {}", model.cause()));
        assert_eq!(Error::request("no", "").file(), None);
    }

    #[test]
    fn thousands_are_separated() {
        assert_eq!(["7", "999", "1,000", "30,000", "1,234,567"].join(" "), {
            [7, 999, 1000, 30_000, 1_234_567].map(thousands).join(" ")
        });
    }
}
