//! The recent lists of two windows, and the sets of their entries, put together.

use super::super::settings::{DeletedSet, Recent, Settings};
use super::super::workspace::Workspace;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// `mine`, with the entries of `all` about other data or encoders.
pub(super) fn with_others(mine: &[Recent], all: &[Recent]) -> Vec<Recent> {
    let others = all
        .iter()
        .filter(|other| !mine.iter().any(|r| r.is_of(&other.workspace)));
    newest(mine.iter().chain(others).cloned().collect())
}

/// The newest, as many as are kept, newest first.
fn newest(mut list: Vec<Recent>) -> Vec<Recent> {
    list.sort_by_key(|r| Reverse(r.at));
    list.truncate(Settings::KEPT);
    list
}

/// The entries of `now` and of the file, one for each data and encoder: the newer one, with the sets of both.
pub(super) fn merged_recent(base: &Settings, now: &Settings, file: &[Recent]) -> Vec<Recent> {
    let find = |list: &[Recent], r: &Recent| {
        let found = list.iter().find(|other| other.is_of(&r.workspace));
        found.cloned()
    };
    let merged = now.recent.iter().map(|mine| {
        let Some(theirs) = find(file, mine) else {
            return mine.clone();
        };
        let base = find(&base.recent, mine).map(|r| r.workspace);
        let sets = merged_sets(base.as_ref(), mine, &theirs, &now.deleted);
        let mut newer = if theirs.at > mine.at {
            theirs
        } else {
            mine.clone()
        };
        newer.workspace.sets = sets;
        newer
    });
    with_others(&merged.collect::<Vec<_>>(), file)
}

/// The sets of the file, but for those that this window deleted, added or changed.
fn merged_sets(
    base: Option<&Workspace>,
    mine: &Recent,
    theirs: &Recent,
    deleted: &[DeletedSet],
) -> BTreeMap<String, Vec<String>> {
    let mut sets = theirs.workspace.sets.clone();
    for set in deleted.iter().filter(|set| mine.is_of(&set.of)) {
        sets.remove(&set.name);
    }
    for (name, images) in &mine.workspace.sets {
        let before = base.and_then(|base| base.sets.get(name));
        if before != Some(images) {
            sets.insert(name.clone(), images.clone());
        }
    }
    sets
}
