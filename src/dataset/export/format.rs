//! The formats that a dataset can be written in, and what their files are called.

use crate::files::file_name;
use std::path::Path;
use std::str::FromStr;

/// What a dataset can be written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `metadata.jsonl` beside the pictures.
    ImageFolder,
    /// `dataset_*.json`.
    Karpathy,
    /// `captions_*.json`.
    Coco,
    /// `*.token.txt`.
    FlickrTokens,
    /// `captions.csv` with `image,caption`.
    Csv,
    /// A text file beside each picture.
    Sidecar,
    /// `.tar` shards that hold the pictures.
    WebDataset,
    /// `.parquet` that holds the pictures.
    Parquet,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::ImageFolder,
        Self::Karpathy,
        Self::Coco,
        Self::FlickrTokens,
        Self::Csv,
        Self::Sidecar,
        Self::WebDataset,
        Self::Parquet,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::ImageFolder => "imagefolder",
            Self::Karpathy => "karpathy",
            Self::Coco => "coco",
            Self::FlickrTokens => "flickr",
            Self::Csv => "csv",
            Self::Sidecar => "sidecar",
            Self::WebDataset => "webdataset",
            Self::Parquet => "parquet",
        }
    }

    /// What the name of a file says; `None` for a folder's and for unknown extensions.
    pub fn of(path: &Path) -> Option<Self> {
        let name = file_name(path).to_lowercase();
        let (stem, extension) = name.rsplit_once('.')?;
        match extension {
            "jsonl" => Some(Self::ImageFolder),
            "json" if stem.starts_with("captions_") => Some(Self::Coco),
            "json" => Some(Self::Karpathy),
            "token" => Some(Self::FlickrTokens),
            "txt"
                if stem
                    .rsplit_once('.')
                    .is_some_and(|(_, kind)| kind == "token") =>
            {
                Some(Self::FlickrTokens)
            }
            "txt" | "csv" => Some(Self::Csv),
            "tar" => Some(Self::WebDataset),
            "parquet" => Some(Self::Parquet),
            _ => None,
        }
    }

    /// Do files of this format end like `path`? Then it is a file; else a folder.
    pub(super) fn is_file(self, path: &Path) -> bool {
        let extension = path
            .extension()
            .and_then(|e| e.to_str())
            .unwrap_or_default();
        let own: &[&str] = match self {
            Self::ImageFolder => &["jsonl"],
            Self::Karpathy | Self::Coco => &["json"],
            Self::FlickrTokens => &["txt", "token"],
            Self::Csv => &["csv", "txt"],
            Self::Sidecar => &[],
            Self::WebDataset => &["tar"],
            Self::Parquet => &["parquet"],
        };
        own.contains(&extension.to_ascii_lowercase().as_str())
    }

    /// Where its caption file looks for pictures, from its own folder.
    pub(super) fn pictures(self) -> &'static str {
        match self {
            Self::ImageFolder | Self::Sidecar => "",
            _ => "images",
        }
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|format| format.name() == text);
        found.ok_or_else(|| format!("one of {} is needed", Self::ALL.map(Self::name).join(", ")))
    }
}
