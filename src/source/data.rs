//! Where images and captions come from.

use super::demo_folder;
use crate::dataset::Wanted;
use crate::error::Result;
use crate::files::{AsBytes, file_name};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Where images and captions come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Kept", into = "Kept")]
pub enum DataSource {
    /// The scenes that come with the program.
    Demo,
    /// A dataset file or folder.
    Path {
        /// The file or folder.
        path: PathBuf,
        /// Which part of it, and where its pictures may lie.
        part: Wanted,
    },
    /// Embeddings alone, a file for each side; captions follow the images in order.
    Embeddings {
        /// Image embeddings, shape `[images, dim]`.
        images: PathBuf,
        /// Text embeddings, shape `[captions, dim]`.
        texts: PathBuf,
    },
}

impl DataSource {
    /// What lies at `path`, in the part that is used where none is asked for.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self::Path {
            path: path.into(),
            part: Wanted::default(),
        }
    }

    /// Short name for titles.
    pub fn title(&self) -> String {
        match self {
            Self::Demo => "demo".into(),
            Self::Path { path, .. } | Self::Embeddings { images: path, .. } => file_name(path),
        }
    }

    /// The same source with every path mapped.
    #[must_use]
    pub fn with_paths(&self, map: impl Fn(&Path) -> PathBuf) -> Self {
        match self {
            Self::Demo => Self::Demo,
            Self::Path { path, part } => Self::Path {
                path: map(path),
                part: Wanted {
                    images: part.images.as_deref().map(map),
                    ..part.clone()
                },
            },
            Self::Embeddings { images, texts } => Self::Embeddings {
                images: map(images),
                texts: map(texts),
            },
        }
    }

    /// The file or folder that decisions about its pairs are kept beside.
    ///
    /// # Errors
    /// The demo cannot be unpacked.
    pub fn place(&self) -> Result<PathBuf> {
        match self {
            Self::Demo => demo_folder(),
            Self::Path { path, .. } | Self::Embeddings { images: path, .. } => Ok(path.clone()),
        }
    }

    /// What is to be read.
    ///
    /// # Errors
    /// The demo cannot be unpacked.
    pub fn places(&self) -> Result<Places> {
        Ok(match self {
            Self::Demo => Places {
                dataset: Some(demo_folder()?),
                ..Places::default()
            },
            Self::Path { path, part } => Places {
                dataset: Some(path.clone()),
                wanted: part.clone(),
                ..Places::default()
            },
            Self::Embeddings { images, texts } => Places {
                embeddings: Some([images.clone(), texts.clone()]),
                ..Places::default()
            },
        })
    }
}

/// What is to be read: a dataset, files of embeddings, or both.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    /// A dataset file or folder.
    pub dataset: Option<PathBuf>,
    /// Which part of it, and where its pictures may lie.
    pub wanted: Wanted,
    /// Embeddings of images and of captions, a file each.
    pub embeddings: Option<[PathBuf; 2]>,
}

/// The form in workspaces. A dataset of which no part is asked for is its path alone.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kept {
    Demo,
    Path(KeptPath),
    Embeddings {
        #[serde(with = "AsBytes")]
        images: PathBuf,
        #[serde(with = "AsBytes")]
        texts: PathBuf,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum KeptPath {
    Part {
        #[serde(with = "AsBytes")]
        path: PathBuf,
        part: Wanted,
    },
    Whole(#[serde(with = "AsBytes")] PathBuf),
}

impl From<DataSource> for Kept {
    fn from(source: DataSource) -> Self {
        match source {
            DataSource::Demo => Self::Demo,
            DataSource::Path { path, part } if part == Wanted::default() => {
                Self::Path(KeptPath::Whole(path))
            }
            DataSource::Path { path, part } => Self::Path(KeptPath::Part { path, part }),
            DataSource::Embeddings { images, texts } => Self::Embeddings { images, texts },
        }
    }
}

impl From<Kept> for DataSource {
    fn from(kept: Kept) -> Self {
        match kept {
            Kept::Demo => Self::Demo,
            Kept::Path(KeptPath::Whole(path)) => Self::at(path),
            Kept::Path(KeptPath::Part { path, part }) => Self::Path { path, part },
            Kept::Embeddings { images, texts } => Self::Embeddings { images, texts },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_kept_as_before_parts_could_be_chosen() {
        let part = Wanted {
            split: Some("val".into()),
            ..Wanted::default()
        };
        let parted = DataSource::Path {
            path: "a".into(),
            part,
        };
        let pair = DataSource::Embeddings {
            images: "i.npy".into(),
            texts: "t.npy".into(),
        };
        for (source, text) in [
            (DataSource::Demo, r#""demo""#),
            (DataSource::at("a/b.json"), r#"{"path":"a/b.json"}"#),
            (
                parted,
                r#"{"path":{"path":"a","part":{"split":"val","language":null,"images":null}}}"#,
            ),
            (pair, r#"{"embeddings":{"images":"i.npy","texts":"t.npy"}}"#),
        ] {
            assert_eq!(serde_json::to_string(&source).unwrap(), text);
            assert_eq!(serde_json::from_str::<DataSource>(text).unwrap(), source);
        }
        let short = r#"{"path":{"path":"a","part":{"language":"de"}}}"#;
        let DataSource::Path { part, .. } = serde_json::from_str(short).unwrap() else {
            panic!("a path");
        };
        assert_eq!(part.language.as_deref(), Some("de"));
    }

    #[cfg(unix)]
    #[test]
    fn paths_of_any_bytes_are_kept() {
        use std::os::unix::ffi::OsStrExt;
        let odd = std::ffi::OsStr::from_bytes(b"n\xff");
        let source = DataSource::at(odd);
        let text = serde_json::to_string(&source).unwrap();
        assert_eq!(serde_json::from_str::<DataSource>(&text).unwrap(), source);
    }
}
