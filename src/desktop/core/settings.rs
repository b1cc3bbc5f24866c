//! What is remembered between starts, apart from any workspace.

use super::workspace::Workspace;
use crate::compute::Choice;
use crate::files::AsBytes;
use crate::runtime::Provider;
use crate::task::now;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

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
    /// When it was open last, in milliseconds since 1970; 0 in files of older versions.
    #[serde(default)]
    pub at: u64,
}

impl Recent {
    /// Is it about the same data and encoder? The list has one entry for them.
    pub(super) fn is_of(&self, other: &Workspace) -> bool {
        (&self.workspace.data, &self.workspace.encoder) == (&other.data, &other.encoder)
    }
}

/// How a table was left: sorted, and how wide its columns are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TableLooks {
    /// The number of the column that sorts, and whether the largest are first; `None` for the table's own order.
    pub sort: Option<(usize, bool)>,
    /// Where each column begins, as a part of the width; empty for the table's own places.
    pub places: Vec<f32>,
}

/// A named set of images that the user deleted, by the workspace of its entry in the recent list.
#[derive(Debug, Clone, PartialEq)]
pub struct DeletedSet {
    /// Data and encoder, paths absolute.
    pub(super) of: Workspace,
    /// The set's name.
    pub(super) name: String,
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
    /// Colours that the colour-blind tell apart.
    pub safe_colours: bool,
    /// What was open last, newest first.
    pub recent: Vec<Recent>,
    /// Places of runs that were open last, newest first.
    pub runs: Vec<String>,
    /// How tables were left, by their names.
    pub tables: BTreeMap<String, TableLooks>,
    /// Are images that answer a query shown as a grid?
    pub result_grid: bool,
    /// Ask for paths in the window, even where the system has dialogs for them.
    pub path_field: bool,
    /// Sets that were deleted since the settings were saved last.
    #[serde(skip)]
    pub deleted: Vec<DeletedSet>,
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
            safe_colours: false,
            recent: Vec::new(),
            runs: Vec::new(),
            tables: BTreeMap::new(),
            result_grid: false,
            path_field: false,
            deleted: Vec::new(),
        }
    }
}

impl Settings {
    /// The least and the largest scale of the interface.
    pub const ZOOM: [f32; 2] = [0.5, 3.0];

    pub(super) const KEPT: usize = 12;

    /// Puts `workspace` at the head of the recent list.
    pub fn remember(&mut self, workspace: &Workspace, file: Option<PathBuf>) {
        let workspace = workspace.absolute();
        let newest = self.recent.iter().map(|r| r.at).max();
        self.recent.retain(|r| !r.is_of(&workspace));
        // What was deleted and named again is not deleted.
        self.deleted.retain(|set| {
            let other = (&set.of.data, &set.of.encoder) != (&workspace.data, &workspace.encoder);
            other || !workspace.sets.contains_key(&set.name)
        });
        self.recent.insert(
            0,
            Recent {
                title: workspace.title(),
                file,
                workspace,
                // Later than any that is there, whatever the clock says.
                at: now().max(newest.map_or(0, |at| at + 1)),
            },
        );
        self.recent.truncate(Self::KEPT);
    }

    /// Puts the place of a run at the head of those that were open lately.
    pub fn remember_run(&mut self, place: &str) {
        const RUNS: usize = 8;
        self.runs.retain(|other| other != place);
        self.runs.insert(0, place.to_owned());
        self.runs.truncate(RUNS);
    }

    /// Notes that the set `name` of `workspace` was deleted, so that it goes from the file too.
    pub fn forget_set(&mut self, workspace: &Workspace, name: String) {
        let of = Workspace {
            sets: BTreeMap::new(),
            ..workspace.absolute()
        };
        self.deleted.push(DeletedSet { of, name });
    }
}
