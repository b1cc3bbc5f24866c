//! What is remembered between starts, apart from any workspace.

use super::files::read_json;
use super::workspace::Workspace;
use crate::compute::Choice;
use crate::error::Result;
use crate::files::{AsBytes, write_json};
use crate::runtime::Provider;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Light, dark, or as the system says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ThemeChoice {
    /// As the operating system says.
    System,
    /// Always light.
    Light,
    /// Always dark.
    #[default]
    Dark,
}

/// An entry of the recent list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recent {
    /// What the menu shows.
    pub title: String,
    /// The workspace's file, if it was saved.
    #[serde(with = "AsBytes", default)]
    pub file: Option<PathBuf>,
    /// The workspace itself, paths absolute.
    pub workspace: Workspace,
}

/// The saved half of the application.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Light or dark.
    pub theme: ThemeChoice,
    /// Which compute engine.
    pub compute: Choice,
    /// Execution providers, first choice first.
    pub providers: Vec<Provider>,
    /// Inputs per run of an encoder.
    pub batch: usize,
    /// Side of a thumbnail, in points.
    pub thumbnail: f32,
    /// Scale of the whole interface.
    pub zoom: f32,
    /// What was open last, newest first.
    pub recent: Vec<Recent>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: ThemeChoice::default(),
            compute: Choice::Auto,
            providers: Provider::ALL.to_vec(),
            batch: 32,
            thumbnail: 80.0,
            zoom: 1.0,
            recent: Vec::new(),
        }
    }
}

impl Settings {
    const KEPT: usize = 12;

    /// The settings in `folder`; the defaults where there are none yet. Settings that cannot be read are moved aside
    /// and reported, never overwritten.
    ///
    /// # Errors
    /// The file is there but is no settings file.
    pub fn open(folder: &Path) -> Result<Self> {
        let path = folder.join("settings.json");
        if !path.exists() {
            return Ok(Self::default());
        }
        read_json(&path, "settings file").inspect_err(|_| {
            // Best effort: the error itself is shown.
            let _ = std::fs::rename(&path, folder.join("settings.unreadable.json"));
        })
    }

    /// Saves to `folder`.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self, folder: &Path) -> Result<()> {
        write_json(&folder.join("settings.json"), self)
    }

    /// Puts `workspace` at the head of the recent list.
    pub fn remember(&mut self, workspace: &Workspace, file: Option<PathBuf>) {
        let workspace = workspace.absolute();
        self.recent.retain(|r| {
            (r.workspace.data.as_ref(), r.workspace.encoder.as_ref())
                != (workspace.data.as_ref(), workspace.encoder.as_ref())
        });
        self.recent.insert(
            0,
            Recent {
                title: workspace.title(),
                file,
                workspace,
            },
        );
        self.recent.truncate(Self::KEPT);
    }
}
