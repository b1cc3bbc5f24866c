//! One writer at a time: a lock file beside what several processes write.

use super::{folder_of, require_regular, target};
use crate::error::{Error, Result};
use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long a writer waits for another one.
pub const LOCK_WAIT: Duration = Duration::from_secs(2);

/// The beginning of a lock file's name; what it locks follows. No name of ours that is swept begins so.
const KIND: &str = ".lock-";

/// Time between two tries.
const PAUSE: Duration = Duration::from_millis(10);

/// The right to replace a file, until it is dropped.
#[derive(Debug)]
pub struct FileLock {
    /// `None` where the file system has no locks.
    _held: Option<File>,
}

/// Waits until no other process, and no other thread, holds the lock of the file at `path`; for `wait` at most. The lock
/// file lies beside the file that links at `path` lead to, is never replaced or removed, and holds nothing. Where the
/// file system has no locks, writers are not kept apart.
///
/// # Errors
/// Another holds it for all that time ([`ErrorKind::ResourceBusy`]); the folder cannot be created or written; something else
/// than a regular file has the lock file's name.
pub fn lock_file(path: &Path, wait: Duration) -> Result<FileLock> {
    let path = &target(path)?;
    let folder = folder_of(path);
    std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    let mut name = OsString::from(KIND);
    name.push(path.file_name().unwrap_or_default());
    let place: PathBuf = folder.join(name);
    let file = open(&place).map_err(Error::io("write", &place))?;
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(FileLock { _held: Some(file) }),
            Err(TryLockError::WouldBlock) if begun.elapsed() < wait => std::thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => {
                let what = "another program that writes it has not let go of it";
                let source = io::Error::new(ErrorKind::ResourceBusy, what);
                return Err(Error::io("save", path)(source));
            }
            Err(TryLockError::Error(_)) => return Ok(FileLock { _held: None }),
        }
    }
}

/// Opens a lock file, made where it is missing. The folder may be anybody's: a link there is not followed, and a FIFO
/// not waited for.
fn open(place: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        options.custom_flags(flags.bits().cast_signed());
    }
    let file = options.open(place)?;
    require_regular(file.metadata()?.file_type())?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_keeps_others_out_for_as_long_as_it_is_held() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.json");
        let held = lock_file(&path, Duration::ZERO).unwrap();
        let begun = Instant::now();
        let error = lock_file(&path, Duration::from_millis(50)).unwrap_err();
        assert!(begun.elapsed() >= Duration::from_millis(50));
        assert!(error.to_string().contains("a.json"), "{error}");
        assert!(!error.remedy().is_empty());
        drop(held);
        assert!(lock_file(&path, Duration::ZERO).is_ok());
        // Another file has another lock.
        let _held = lock_file(&path, Duration::ZERO).unwrap();
        assert!(lock_file(&dir.path().join("b.json"), Duration::ZERO).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn what_lies_in_the_place_of_a_lock_file_is_neither_followed_nor_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.json");
        let (lock, away) = (dir.path().join(".lock-a.json"), dir.path().join("away"));
        std::os::unix::fs::symlink(&away, &lock).unwrap();
        assert!(lock_file(&path, Duration::ZERO).is_err() && !away.exists());
        std::fs::remove_file(&lock).unwrap();
        let made = std::process::Command::new("mkfifo").arg(&lock).status();
        if made.is_ok_and(|status| status.success()) {
            assert!(lock_file(&path, Duration::ZERO).is_err());
        }
    }
}
