//! A store in a folder.

use super::name::checked;
use super::{About, Backend};
use crate::error::{Error, Result};
use crate::files::{SCRATCH, open_regular, replace};
use crate::task::Task;
use std::fs::Metadata;
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

/// A folder of this machine, or one that it shares with others.
pub(super) struct Folder(pub PathBuf);

impl Folder {
    /// Where `name` lies. Names of a store lead nowhere else; a system may read more into one than others do.
    fn path(&self, name: &str) -> Result<PathBuf> {
        let inside = Path::new(name)
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        if inside {
            Ok(self.0.join(name))
        } else {
            Err(Error::request(
                format!("{name:?} is no name on this system"),
                "Choose another name.",
            ))
        }
    }

    /// Adds what lies in `folder`, whose names begin with `prefix`; `above` are the folders that it lies in.
    fn walk(
        folder: &Path,
        prefix: &str,
        above: &mut Vec<PathBuf>,
        found: &mut Vec<(String, About)>,
    ) -> Result<()> {
        let read = || Ok((folder.canonicalize()?, std::fs::read_dir(folder)?));
        let Some((here, entries)) = there(read()).map_err(Error::io("list", folder))? else {
            return Ok(());
        };
        // A link to a folder above would be followed for ever.
        if above.contains(&here) {
            return Ok(());
        }
        above.push(here);
        for entry in entries {
            let path = entry.map_err(Error::io("list", folder))?.path();
            let name = path.file_name().unwrap_or_default();
            if name.as_encoded_bytes().starts_with(SCRATCH.as_bytes()) {
                continue;
            }
            // Gone since the folder was read, or a link that leads nowhere.
            let Some(about) = there(path.metadata()).map_err(Error::io("read", &path))? else {
                continue;
            };
            let name = name
                .to_str()
                .filter(|name| checked(name).is_ok())
                .ok_or_else(|| {
                    Error::dataset(
                        &path,
                        "its name cannot be one in a store",
                        "Rename it: text, without \\ and control characters.",
                    )
                })?;
            if about.is_dir() {
                Self::walk(&path, &format!("{prefix}{name}/"), above, found)?;
            } else if about.is_file() {
                found.push((format!("{prefix}{name}"), about_of(&about)));
            }
        }
        above.pop();
        Ok(())
    }
}

impl Backend for Folder {
    fn host(&self) -> Option<String> {
        None
    }

    fn local(&self) -> Option<&Path> {
        Some(&self.0)
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let path = self.path(name)?;
        let read = || {
            let mut bytes = Vec::new();
            open_regular(&path)?.read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        there(read()).map_err(Error::io("read", &path))
    }

    fn span(&self, name: &str, range: Range<u64>, _task: &Task) -> Result<Vec<u8>> {
        let path = self.path(name)?;
        let length = range.end - range.start;
        let read = || {
            let mut file = open_regular(&path)?;
            file.seek(SeekFrom::Start(range.start))?;
            let mut bytes = Vec::new();
            file.take(length).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        read().map_err(Error::io("read", &path))
    }

    fn about(&self, name: &str) -> Result<Option<About>> {
        let path = self.path(name)?;
        let about = there(path.metadata()).map_err(Error::io("read", &path))?;
        Ok(about
            .filter(Metadata::is_file)
            .map(|about| about_of(&about)))
    }

    fn list(&self, prefix: &str) -> Result<Vec<(String, About)>> {
        let (folder, prefix) = match prefix {
            "" => (self.0.clone(), String::new()),
            prefix => (self.path(prefix)?, format!("{prefix}/")),
        };
        let mut found = Vec::new();
        Self::walk(&folder, &prefix, &mut Vec::new(), &mut found)?;
        Ok(found)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        replace(&self.path(name)?, |out| out.write_all(bytes))
    }

    fn delete(&self, name: &str) -> Result<()> {
        let path = self.path(name)?;
        there(std::fs::remove_file(&path)).map_err(Error::io("delete", &path))?;
        Ok(())
    }

    fn missing(&self, name: &str) -> Error {
        Error::io("read", &self.0.join(name))(ErrorKind::NotFound.into())
    }
}

/// `None` where there is nothing, or a file where a folder would have to be.
fn there<T>(result: std::io::Result<T>) -> std::io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(e) => Err(e),
    }
}

fn about_of(about: &Metadata) -> About {
    About {
        size: about.len(),
        etag: None,
        modified: about.modified().ok(),
    }
}
