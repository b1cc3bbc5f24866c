//! What is half written has a name that tells so, and who writes it: what a killed process left behind is removed by a
//! later one.

use super::lock;
use std::collections::{BTreeSet, HashSet};
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

/// The beginnings of such names, ours and those of older versions.
const KINDS: [&str; 4] = [".nearmiss-", ".demo-", "download-", "runtime-"];

/// The ones that are swept anywhere: the others may be a user's own names outside our folders.
const ANYWHERE: usize = 1;

/// What was touched this recently may still be written, by a process that we cannot see.
const YOUNG: Duration = Duration::from_mins(10);

/// The folders in which this process began to write.
static FOLDERS: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// The beginning of a name for what this process writes in `folder`: `kind` (as ".nearmiss-"), the process's number, a
/// dash.
pub fn prefix(folder: &Path, kind: &str) -> String {
    // Whole, should the process change its own folder.
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
    lock(&FOLDERS).insert(folder);
    own(kind)
}

fn own(kind: &str) -> String {
    format!("{kind}{}-", std::process::id())
}

/// Removes what this process has half written, wherever that is: for its end, when threads that did not end in time may
/// not remove it any more.
pub fn remove_own() {
    let folders = std::mem::take(&mut *lock(&FOLDERS));
    for folder in &folders {
        remove_own_in(folder);
    }
}

fn remove_own_in(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if KINDS.iter().any(|kind| name.starts_with(&own(kind))) {
            remove(&entry.path());
        }
    }
}

/// Removes a file or a folder; a link is not followed.
fn remove(path: &Path) {
    let folder = path.symlink_metadata().is_ok_and(|about| about.is_dir());
    // Nobody is waiting for it to be gone.
    let _ = if folder {
        std::fs::remove_dir_all(path)
    } else {
        std::fs::remove_file(path)
    };
}

/// A folder for what this process alone reads and writes, where the system has such; gone once it is dropped.
///
/// # Errors
/// It cannot be made.
pub fn folder() -> std::io::Result<TempDir> {
    let place = std::env::temp_dir();
    sweep(&place);
    let prefix = prefix(&place, KINDS[0]);
    tempfile::Builder::new().prefix(&prefix).tempdir_in(place)
}

/// Removes from `folder`, once per process, what earlier processes of this user left half written: named as [`prefix`]
/// names it, not touched for ten minutes, its process gone. What cannot be removed stays.
pub fn sweep(folder: &Path) {
    sweep_kinds(folder, &KINDS[..ANYWHERE]);
}

/// As [`sweep`] of one of the application's own folders, where what it downloads and unpacks lies too.
pub fn sweep_own(folder: &Path) {
    sweep_kinds(folder, &KINDS);
}

fn sweep_kinds(folder: &Path, kinds: &[&str]) {
    static SWEPT: Mutex<Option<HashSet<PathBuf>>> = Mutex::new(None);
    let first = lock(&SWEPT)
        .get_or_insert_default()
        .insert(folder.to_path_buf());
    if first {
        remove_left(folder, kinds, SystemTime::now());
    }
}

fn remove_left(folder: &Path, kinds: &[&str], now: SystemTime) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let rest = name
            .to_str()
            .and_then(|name| kinds.iter().find_map(|kind| name.strip_prefix(kind)));
        let path = entry.path();
        // A link is not followed: what it leads to is not ours.
        let (Some(rest), Ok(about)) = (rest, path.symlink_metadata()) else {
            continue;
        };
        if !is_own(&about) || !is_old(&path, &about, now) || is_alive(rest) {
            continue;
        }
        remove(&path);
    }
}

/// Does `rest` of a name begin with the number of a process that runs?
fn is_alive(rest: &str) -> bool {
    let Some((number, _)) = rest.split_once('-') else {
        return false;
    };
    let Ok(number) = number.parse::<u32>() else {
        return false;
    };
    number == std::process::id() || Path::new(&format!("/proc/{number}")).exists()
}

/// Were neither the file nor, for a folder, what lies in it and in its folders touched for a while?
fn is_old(path: &Path, about: &Metadata, now: SystemTime) -> bool {
    let old = |about: &Metadata| {
        let age = about
            .modified()
            .ok()
            .and_then(|t| now.duration_since(t).ok());
        age.is_some_and(|age| age > YOUNG)
    };
    old(about)
        && (!about.is_dir()
            || std::fs::read_dir(path)
                .into_iter()
                .flatten()
                .flatten()
                .all(|entry| {
                    let about = entry.path().symlink_metadata();
                    about.is_ok_and(|about| is_old(&entry.path(), &about, now))
                }))
}

#[cfg(unix)]
fn is_own(about: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    // Where the system does not say who we are, permissions decide.
    std::fs::metadata("/proc/self").map_or(true, |own| own.uid() == about.uid())
}

#[cfg(not(unix))]
fn is_own(_: &Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_process_left_is_removed_when_it_is_old() {
        let folder = tempfile::tempdir().unwrap();
        let make = |name: &str| std::fs::write(folder.path().join(name), b"half").unwrap();
        // No process has such a number: Linux ends at 2^22.
        let gone = ".nearmiss-4294967295-abc";
        let running = format!("{}abc", own(".nearmiss-"));
        let others = ["captions.csv", "download-notes", ".nearmissing"];
        for name in [gone, ".nearmiss-Xy12Zt", &running]
            .into_iter()
            .chain(others)
        {
            make(name);
        }
        let inside = folder.path().join(".nearmiss-4294967295-dir/dataset");
        std::fs::create_dir_all(&inside).unwrap();
        std::fs::write(inside.join("0.png"), b"picture").unwrap();

        let names = || {
            let entries = std::fs::read_dir(folder.path()).unwrap();
            let mut names: Vec<String> = entries
                .map(|e| e.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        };
        let all = names();
        sweep(folder.path());
        assert_eq!(names(), all, "all are young");
        let later = SystemTime::now() + Duration::from_mins(11);
        remove_left(folder.path(), &KINDS[..ANYWHERE], later);
        let mut left = vec![running.as_str()];
        left.extend([".nearmissing", "captions.csv", "download-notes"]);
        left.sort_unstable();
        assert_eq!(names(), left);
        remove_left(folder.path(), &KINDS, later);
        assert!(!names().contains(&"download-notes".to_owned()));
        // At its end a process removes its own.
        make(&format!("{}0", own("download-")));
        remove_own_in(folder.path());
        assert_eq!(names(), [".nearmissing", "captions.csv"]);
    }
}
