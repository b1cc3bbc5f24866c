//! A workspace: data, encoder and settings of one investigation, in one JSON file with relative paths.

use super::files::read_json;
use crate::compute::Measure;
use crate::encoder::EncoderOptions;
use crate::error::Result;
use crate::files::{AsBytes, write_json};
use crate::source::{DataSource, EncoderSource};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

/// One investigation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Workspace {
    /// Format of this file.
    pub version: u32,
    /// Images and captions.
    pub data: Option<DataSource>,
    /// The encoder; not needed with embeddings alone.
    pub encoder: Option<EncoderSource>,
    /// What the user answered about the encoder.
    #[serde(default)]
    pub options: EncoderOptions,
    /// Margin a of the hinge losses.
    pub margin: f32,
    /// How rows are compared.
    #[serde(default)]
    pub similarity: Measure,
    /// Images per fold; `None` for the full set.
    #[serde(default)]
    pub fold: Option<usize>,
    /// Sets of images that were named, by the images' names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sets: BTreeMap<String, Vec<String>>,
    /// The file of the coordinates that the map shows; `None` where it is laid out here.
    #[serde(default, with = "AsBytes", skip_serializing_if = "Option::is_none")]
    pub map: Option<PathBuf>,
}

impl Default for Workspace {
    fn default() -> Self {
        Self {
            version: 1,
            data: None,
            encoder: None,
            options: EncoderOptions::default(),
            margin: 0.2,
            similarity: Measure::default(),
            fold: None,
            sets: BTreeMap::new(),
            map: None,
        }
    }
}

impl Workspace {
    /// The workspace of the first start.
    pub fn demo() -> Self {
        Self {
            data: Some(DataSource::Demo),
            encoder: Some(EncoderSource::Demo),
            ..Self::default()
        }
    }

    /// "data · encoder", for the title bar and the recent list.
    pub fn title(&self) -> String {
        let data = self.data.as_ref().map(DataSource::title);
        let encoder = self.encoder.as_ref().map(EncoderSource::title);
        let parts: Vec<String> = data.into_iter().chain(encoder).collect();
        if parts.is_empty() {
            "nothing open".into()
        } else {
            parts.join(" · ")
        }
    }

    /// Saves to `path`; files below or beside its folder are stored relative to it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        let folder = absolute(path.parent().unwrap_or(Path::new("")));
        write_json(path, &self.with_paths(|p| relative(&absolute(p), &folder)))
    }

    /// Opens a saved workspace; its paths become absolute.
    ///
    /// # Errors
    /// The file cannot be read or is no workspace.
    pub fn open(path: &Path) -> Result<Self> {
        let folder = absolute(path.parent().unwrap_or(Path::new("")));
        let stored: Self = read_json(path, "workspace")?;
        Ok(stored.with_paths(|p| tidy(&folder.join(p))))
    }

    /// The same workspace with every path absolute.
    #[must_use]
    pub fn absolute(&self) -> Self {
        self.with_paths(absolute)
    }

    fn with_paths(&self, map: impl Fn(&Path) -> PathBuf) -> Self {
        let data = self.data.as_ref().map(|data| data.with_paths(&map));
        let encoder = self
            .encoder
            .as_ref()
            .map(|encoder| encoder.with_paths(&map));
        Self {
            data,
            encoder,
            map: self.map.as_deref().map(&map),
            ..self.clone()
        }
    }
}

fn absolute(path: &Path) -> PathBuf {
    tidy(&std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()))
}

/// Removes `.` and resolves `..` by name.
fn tidy(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(out.components().next_back(), Some(Component::Normal(_))) =>
            {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

/// `path` as seen from `folder`; unchanged where they share nothing but the root.
fn relative(path: &Path, folder: &Path) -> PathBuf {
    let shared = path
        .components()
        .zip(folder.components())
        .take_while(|(a, b)| a == b)
        .count();
    if shared <= 1 {
        return path.to_path_buf();
    }
    let up = folder
        .components()
        .skip(shared)
        .map(|_| Component::ParentDir);
    let down: PathBuf = up.chain(path.components().skip(shared)).collect();
    if down.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        down
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workspace_survives_moving_with_its_files() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let (old, new) = (root.path().join("old"), root.path().join("new"));
        std::fs::create_dir_all(old.join("work")).expect("a folder");
        let workspace = Workspace {
            data: Some(DataSource::at(old.join("data/set.json"))),
            encoder: Some(EncoderSource::Folder(old.join("work/clip"))),
            map: Some(old.join("work/map.csv")),
            ..Workspace::default()
        };
        workspace.save(&old.join("work/w.json")).expect("saved");
        let text = std::fs::read_to_string(old.join("work/w.json")).expect("text");
        assert!(!text.contains("/old"), "paths are relative: {text}");
        std::fs::rename(&old, &new).expect("moved");
        let moved = Workspace::open(&new.join("work/w.json")).expect("opened");
        assert_eq!(moved.data, Some(DataSource::at(new.join("data/set.json"))));
        assert_eq!(moved.map, Some(new.join("work/map.csv")));
        assert_eq!(
            moved.encoder,
            Some(EncoderSource::Folder(new.join("work/clip")))
        );
    }

    #[test]
    fn another_file_is_refused_by_name() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "{\"images\": []}").expect("written");
        let error = Workspace::open(file.path()).expect_err("no workspace");
        assert!(error.to_string().contains("version"), "{error}");
    }
}
