//! Several files that belong together, written so that nobody finds some of the old beside some of the new.

use super::{SCRATCH, folder_of, step, target};
use crate::error::{Error, Result};
use crate::task::scratch;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Fills a scratch folder with the files `names` and puts them into `folder`, all or none where the system allows it: a
/// new folder gets its name when it is whole, and one that holds nothing but these files is exchanged in one step. In
/// any other folder the files are renamed one by one, the first of `names` first: it says which others belong to it,
/// so that a set that was stopped between them is known by it. Files that are replaced keep their permissions.
///
/// # Errors
/// Those of `fill`; `folder` is a file; one of the names is a device or a folder there; it cannot be written. Unless one
/// of the last renames fails, `folder` stays as it was.
pub fn replace_set<T>(
    folder: &Path,
    names: &[&str],
    fill: impl FnOnce(&Path) -> Result<T>,
) -> Result<T> {
    if folder.symlink_metadata().is_err() {
        let parent = folder_of(folder);
        std::fs::create_dir_all(parent).map_err(Error::io("create", parent))?;
        let (_scratch, fresh) = scratch(parent)?;
        let value = fill(&fresh)?;
        settle(&fresh)?;
        step("rename")?;
        std::fs::rename(&fresh, folder).map_err(Error::io("create", folder))?;
        step("renamed")?;
        return Ok(value);
    }
    // Links are followed: what they lead to is replaced, not they.
    let folder = &folder.canonicalize().map_err(Error::io("write", folder))?;
    for name in names {
        target(&folder.join(name))?;
    }
    let beside = Some(folder_of(folder)).filter(|parent| is_ours(folder, parent, names));
    let (_scratch, fresh) = beside
        .and_then(|parent| scratch(parent).ok())
        .map_or_else(|| scratch(folder), Ok)?;
    let value = fill(&fresh)?;
    for name in names {
        keep_permissions(&folder.join(name), &fresh.join(name))?;
    }
    keep_permissions(folder, &fresh)?;
    settle(&fresh)?;
    step("exchange")?;
    if beside.is_some() && exchange(&fresh, folder).is_ok() {
        step("exchanged")?;
        return Ok(value);
    }
    for name in names {
        let to = target(&folder.join(name))?;
        step("rename")?;
        std::fs::rename(fresh.join(name), &to).map_err(Error::io("write", &to))?;
        step("renamed")?;
    }
    Ok(value)
}

/// Puts `fresh` in the place of `old` and `old` in that of `fresh`, in one step.
///
/// # Errors
/// One of them is not there, or the system or the file system cannot do it.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn exchange(fresh: &Path, old: &Path) -> std::io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, fresh, CWD, old, RenameFlags::EXCHANGE)?)
}

/// This system cannot.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn exchange(_fresh: &Path, _old: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// Puts the folder `fresh` where `old` is. What was there is removed; what of it is in use stays aside until it can be.
///
/// # Errors
/// It cannot be renamed; `old` stays as it was, or can be found aside.
pub fn replace_folder(fresh: &Path, old: &Path) -> Result<()> {
    step("exchange")?;
    if old.symlink_metadata().is_err() {
        std::fs::rename(fresh, old).map_err(Error::io("write", old))?;
        return step("exchanged");
    }
    if exchange(fresh, old).is_ok() {
        step("exchanged")?;
        let _ = std::fs::remove_dir_all(fresh);
        return Ok(());
    }
    // A library in use cannot be deleted on Windows, but its folder can be renamed.
    let mut aside = fresh.as_os_str().to_owned();
    aside.push("-old");
    std::fs::rename(old, &aside).map_err(Error::io("replace", old))?;
    step("rename")?;
    if let Err(e) = std::fs::rename(fresh, old) {
        let _ = std::fs::rename(&aside, old);
        let _ = std::fs::remove_dir_all(fresh);
        return Err(Error::io("write", old)(e));
    }
    step("renamed")?;
    let _ = std::fs::remove_dir_all(aside);
    Ok(())
}

/// Gives `to` the permissions of `from`, where both are there.
fn keep_permissions(from: &Path, to: &Path) -> Result<()> {
    match std::fs::metadata(from) {
        Ok(about) if to.exists() => std::fs::set_permissions(to, about.permissions())
            .map_err(Error::io("keep the permissions of", from)),
        _ => Ok(()),
    }
}

/// Makes the files `fresh`, given to `fill`, and puts them in the places of `paths`, which lie in one folder among other
/// files: the last says that the others are whole, and is taken away before the first is renamed.
///
/// # Errors
/// Those of `fill`; a place is a device or a folder; a file cannot be written. Unless one of the last renames fails,
/// everything stays as it was.
pub fn put_together<const N: usize>(
    paths: &[&Path; N],
    fill: impl FnOnce([&Path; N]) -> Result<()>,
) -> Result<()> {
    let mut targets = Vec::with_capacity(N);
    for path in paths {
        targets.push(target(path)?);
    }
    let folder = folder_of(targets.last().map_or(Path::new("."), |path| path));
    std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    let (_scratch, scratch) = scratch(folder)?;
    // By number: two of them may be links to files of one name.
    let fresh: [PathBuf; N] = std::array::from_fn(|i| {
        let name = paths[i].file_name().unwrap_or_default();
        scratch.join(i.to_string()).join(name)
    });
    fill(std::array::from_fn(|i| fresh[i].as_path()))?;
    for (path, fresh) in targets.iter().zip(&fresh) {
        keep_permissions(path, fresh)?;
    }
    step("remove")?;
    if let Some(last) = targets.last().filter(|last| N > 1 && last.exists()) {
        std::fs::remove_file(last).map_err(Error::io("replace", last))?;
    }
    for (path, fresh) in targets.iter().zip(&fresh) {
        step("rename")?;
        std::fs::rename(fresh, path).map_err(Error::io("write", path))?;
        step("renamed")?;
    }
    Ok(())
}

/// A folder that is removed when it is dropped, and one in it with the permissions of any other new folder.
fn scratch(beside: &Path) -> Result<(tempfile::TempDir, PathBuf)> {
    step("create")?;
    let scratch = tempfile::Builder::new()
        .prefix(&scratch::prefix(beside, SCRATCH))
        .tempdir_in(beside)
        .map_err(Error::io("write", beside))?;
    let fresh = scratch.path().join("set");
    std::fs::create_dir(&fresh).map_err(Error::io("create", &fresh))?;
    Ok((scratch, fresh))
}

/// Has the names of the files in `folder` reach the disk before the folder gets its own.
fn settle(folder: &Path) -> Result<()> {
    if cfg!(unix) {
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(Error::io("write", folder))?;
    }
    Ok(())
}

/// May `folder` be exchanged as a whole: are there regular files of `names` in it and nothing else? Not where it is
/// another file system's, nor where we stand in it: a terminal there would be left in the old one.
fn is_ours(folder: &Path, parent: &Path, names: &[&str]) -> bool {
    let stands_in = std::env::current_dir()
        .and_then(|here| here.canonicalize())
        .is_ok_and(|here| here.starts_with(folder));
    let own = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.is_ok_and(|entry| {
            names.iter().any(|name| *entry.file_name() == **name)
                && entry.file_type().is_ok_and(|kind| kind.is_file())
        })
    };
    !stands_in
        && same_system(folder, parent)
        && std::fs::read_dir(folder).is_ok_and(|mut entries| entries.all(own))
}

#[cfg(unix)]
fn same_system(a: &Path, b: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let system = |path: &Path| path.metadata().map(|about| about.dev()).ok();
    system(a).is_some() && system(a) == system(b)
}

#[cfg(not(unix))]
fn same_system(_a: &Path, _b: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 2] = ["order.json", "a.npy"];

    fn put(folder: &Path, text: &str) -> Result<()> {
        replace_set(folder, &NAMES, |fresh| {
            for name in NAMES {
                std::fs::write(fresh.join(name), text).unwrap();
            }
            Ok(())
        })
    }

    fn holds(folder: &Path, text: &str) -> bool {
        let is = |name: &&str| std::fs::read_to_string(folder.join(name)).is_ok_and(|t| t == text);
        NAMES.iter().all(is)
    }

    fn left_behind(folder: &Path) -> bool {
        let entries = std::fs::read_dir(folder).unwrap().flatten();
        entries
            .map(|e| e.file_name())
            .any(|name| name.to_string_lossy().starts_with(SCRATCH))
    }

    #[test]
    fn a_set_is_new_exchanged_or_put_among_others() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        put(&out, "one").unwrap();
        assert!(holds(&out, "one"));
        put(&out, "two").unwrap();
        assert!(holds(&out, "two"));
        std::fs::write(out.join("mine.txt"), "kept").unwrap();
        put(&out, "three").unwrap();
        assert!(holds(&out, "three") && out.join("mine.txt").is_file());
        assert!(!left_behind(&out) && !left_behind(dir.path()));
    }

    #[test]
    fn a_set_that_cannot_be_filled_leaves_the_old_one() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        put(&out, "one").unwrap();
        let failed = replace_set(&out, &NAMES, |fresh| {
            std::fs::write(fresh.join(NAMES[0]), "half").unwrap();
            Err::<(), _>(Error::Cancelled)
        });
        assert!(failed.is_err() && holds(&out, "one"));
        assert!(!left_behind(&out) && !left_behind(dir.path()));
    }

    #[test]
    fn a_folder_replaces_another() {
        let dir = tempfile::tempdir().unwrap();
        let (fresh, old) = (dir.path().join("fresh"), dir.path().join("old"));
        for (folder, text) in [(&fresh, "new"), (&old, "old")] {
            std::fs::create_dir(folder).unwrap();
            std::fs::write(folder.join("a"), text).unwrap();
        }
        replace_folder(&fresh, &old).unwrap();
        assert_eq!(std::fs::read_to_string(old.join("a")).unwrap(), "new");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
