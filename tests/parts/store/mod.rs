//! Where runs and their input lie: folders, object storage and web servers.

#[cfg(feature = "object-storage")]
mod credentials;
#[cfg(feature = "object-storage")]
mod faults;
mod folder;
mod places;
#[cfg(feature = "object-storage")]
mod s3;
#[cfg(feature = "object-storage")]
pub mod served;
#[cfg(feature = "object-storage")]
mod web;

use nearmiss::error::Error;
use nearmiss::parts::store::{About, Store};

/// A store in a new folder, which is removed with it.
fn in_folder() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().to_str().unwrap()).unwrap();
    (folder, store)
}

fn names(listed: &[(String, About)]) -> Vec<&str> {
    listed.iter().map(|(name, _)| name.as_str()).collect()
}

/// All that an error says, to a user and to a programmer.
fn all_of(error: &Error) -> String {
    format!("{error} {} {error:?}", error.remedy())
}

/// Content without a pattern that a wrong offset could meet.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as u8
    };
    (0..length).map(|_| next()).collect()
}
