//! Which files the names in a caption file may reach: regular ones below the dataset's own folders.
//!
//! A dataset comes from anywhere, and what it names is read, shown and copied into other datasets. A name or a link
//! that leads elsewhere would carry private files along.

use std::path::{Path, PathBuf};

/// The folders below which everything may be reached.
#[derive(Debug)]
pub(crate) struct Reach {
    /// Resolved through links.
    roots: Vec<PathBuf>,
    /// Where a Hugging Face cache keeps what the links of its snapshots lead to.
    blobs: Option<PathBuf>,
}

impl Reach {
    /// Below the folder `home` of a dataset, and below `also`, which the user named.
    pub fn new(home: &Path, also: Option<&Path>) -> Self {
        let roots: Vec<PathBuf> = std::iter::once(home)
            .chain(also)
            .filter_map(|root| root.canonicalize().ok())
            .collect();
        let snapshots = roots.first().and_then(|home| {
            let mut above = home.ancestors().skip(1);
            above.find(|folder| folder.file_name().is_some_and(|name| name == "snapshots"))
        });
        let blobs = snapshots
            .and_then(|snapshots| snapshots.parent())
            .map(|cache| cache.join("blobs"))
            .filter(|blobs| blobs.is_dir());
        Self { roots, blobs }
    }

    /// Allows `folder` too, which lies beside the dataset's, unless it is a link that leads out of `parent`.
    pub fn beside(&mut self, folder: &Path, parent: &Path) {
        if let (Ok(folder), Ok(parent)) = (folder.canonicalize(), parent.canonicalize())
            && folder.starts_with(parent)
        {
            self.roots.push(folder);
        }
    }

    /// May what lies in `folder` be reached?
    pub fn folder(&self, folder: &Path) -> bool {
        folder
            .canonicalize()
            .is_ok_and(|folder| self.roots.iter().any(|root| folder.starts_with(root)))
    }

    /// Is there a regular file at `path`, which may be a link, that may be reached?
    pub fn file(&self, path: &Path) -> bool {
        let Ok(real) = path.canonicalize() else {
            return false;
        };
        let mut roots = self.roots.iter().chain(&self.blobs);
        real.is_file() && roots.any(|root| real.starts_with(root))
    }

    /// The folder that everything must be below, for a message.
    pub fn root(&self) -> String {
        let root = self.roots.first();
        root.map_or_else(|| "its folder".into(), |root| root.display().to_string())
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_lead_no_further_than_the_dataset_or_its_cache() {
        let dir = tempfile::tempdir().unwrap();
        let cache = dir.path().join("datasets--a");
        let home = cache.join("snapshots/1");
        std::fs::create_dir_all(&home).unwrap();
        std::fs::create_dir_all(cache.join("blobs")).unwrap();
        for file in [
            "datasets--a/blobs/0",
            "datasets--a/snapshots/1/a.jpg",
            "other.jpg",
        ] {
            std::fs::write(dir.path().join(file), "x").unwrap();
        }
        for (link, to) in [
            ("blob.jpg", "../../blobs/0"),
            ("out.jpg", "../../../other.jpg"),
            ("own.jpg", "a.jpg"),
            ("null.jpg", "/dev/null"),
        ] {
            symlink(to, home.join(link)).unwrap();
        }
        let reach = Reach::new(&home, None);
        let file = |name: &str| reach.file(&home.join(name));
        assert!(file("a.jpg") && file("blob.jpg") && file("own.jpg"));
        assert!(!file("out.jpg") && !file("null.jpg") && !file("none.jpg"));
        assert!(reach.folder(&home) && !reach.folder(dir.path()));
        let wider = Reach::new(&home, Some(dir.path()));
        assert!(wider.file(&home.join("out.jpg")) && wider.folder(dir.path()));
    }
}
