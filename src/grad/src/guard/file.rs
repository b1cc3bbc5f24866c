//! Regular files opened and read; devices, FIFOs and folders are refused, never waited for.

use std::fs::{File, FileType, OpenOptions};
use std::io::{ErrorKind, Read};
use std::path::Path;

/// The most bytes of a model file; its format ends at 2 GiB.
pub const MODEL: u64 = 1 << 31;

/// Opens a regular file, or what a link to one leads to.
///
/// # Errors
/// There is none; it is a folder, a device, a FIFO or a socket; the system refuses.
pub fn open_regular(path: &Path) -> std::io::Result<File> {
    // Asked before: opening alone can do something to a device.
    require_regular(std::fs::metadata(path)?.file_type())?;
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // It may have become a FIFO since, which would be waited for.
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits() as i32);
    }
    let file = options.open(path)?;
    require_regular(file.metadata()?.file_type())?;
    Ok(file)
}

/// An error that says what it is, unless it is a regular file.
///
/// # Errors
/// It is something else.
pub fn require_regular(kind: FileType) -> std::io::Result<()> {
    let what = match kind {
        kind if kind.is_file() => return Ok(()),
        kind if kind.is_dir() => "a folder",
        #[cfg(unix)]
        kind if std::os::unix::fs::FileTypeExt::is_fifo(&kind) => "a FIFO",
        #[cfg(unix)]
        kind if std::os::unix::fs::FileTypeExt::is_socket(&kind) => "a socket",
        _ => "a device",
    };
    Err(std::io::Error::new(
        ErrorKind::InvalidInput,
        format!("it is {what}, not a file"),
    ))
}

/// The content of a regular file of at most `most` bytes.
///
/// # Errors
/// As [`open_regular`]; the file is larger, or there is no memory for it.
pub fn read_all(path: &Path, most: u64) -> std::io::Result<Vec<u8>> {
    let file = open_regular(path)?;
    let length = file.metadata()?.len();
    let too_large = || {
        let what = format!("it is larger than the limit of {} MiB", most >> 20);
        std::io::Error::new(ErrorKind::FileTooLarge, what)
    };
    if length > most {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    bytes
        .try_reserve_exact(length as usize)
        .map_err(|_| std::io::Error::from(ErrorKind::OutOfMemory))?;
    // One byte more tells a file that grows from one that is whole.
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(too_large());
    }
    Ok(bytes)
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_is_refused_and_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let fifo = dir.path().join("a.npy");
        let made = std::process::Command::new("mkfifo").arg(&fifo).status();
        assert!(made.unwrap().success());
        let link = dir.path().join("b.npy");
        std::os::unix::fs::symlink("/dev/zero", &link).unwrap();
        for (path, what) in [
            (&*fifo, "a FIFO"),
            (&link, "a device"),
            (dir.path(), "a folder"),
        ] {
            let error = read_all(path, MODEL).unwrap_err();
            assert!(error.to_string().contains(what), "{error}");
        }
    }

    #[test]
    fn a_file_is_read_up_to_its_limit() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        std::fs::write(&path, "four").unwrap();
        assert_eq!(read_all(&path, 4).unwrap(), b"four");
        assert_eq!(
            read_all(&path, 3).unwrap_err().kind(),
            ErrorKind::FileTooLarge
        );
    }
}
