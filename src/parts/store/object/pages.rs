//! Which objects there are, page by page.

use super::super::About;
use super::super::name::checked;
use super::failure::is_denied;
use super::wait::wait;
use super::{Objects, about_of};
use crate::error::Result;
use crate::task::Task;
use object_store::list::PaginatedListOptions;
use std::collections::HashSet;
use std::sync::atomic::Ordering;

impl Objects {
    /// All objects below the folder `prefix`, in any order.
    ///
    /// # Errors
    /// It is a web server; it cannot be asked; a key there could be no path.
    pub(super) fn listed(&self, prefix: &str) -> Result<Vec<(String, About)>> {
        let Some(pages) = &self.connection.pages else {
            let remedy = "Name its files, or give a folder or a bucket.";
            return Err(self
                .at(prefix)
                .error("a web server does not say which files it has", remedy));
        };
        let folder = match prefix {
            "" => self.base.clone(),
            prefix => format!("{}/", self.key(prefix)?),
        };
        let folder = Some(folder.as_str()).filter(|folder| !folder.is_empty());
        let mut found = Vec::new();
        let mut token = None;
        loop {
            let options = PaginatedListOptions {
                page_token: token,
                ..PaginatedListOptions::default()
            };
            let page = wait(&Task::of_thread(), pages.list_paginated(folder, options))?
                .map_err(|cause| self.at(prefix).not_listed(&cause))?;
            for object in &page.result.objects {
                // What marks the folder itself has a key without a name.
                let name = object.location.as_ref().strip_prefix(&self.base);
                if let Some(name) = name.filter(|name| checked(name).is_ok()) {
                    found.push((name.to_owned(), about_of(object)));
                }
            }
            token = page.page_token;
            if token.is_none() {
                return Ok(without_markers(found));
            }
        }
    }

    /// An error where the bucket is not there: not every answer tells that from an object that is not there. Asked until
    /// it is known; where listing is not permitted, the bucket is there.
    ///
    /// # Errors
    /// It is not there, or it cannot be asked.
    pub(super) fn require_bucket(&self) -> Result<()> {
        let Some(pages) = &self.connection.pages else {
            return Ok(());
        };
        let options = PaginatedListOptions {
            max_keys: Some(1),
            ..PaginatedListOptions::default()
        };
        let folder = Some(self.base.as_str()).filter(|folder| !folder.is_empty());
        match wait(&Task::of_thread(), pages.list_paginated(folder, options))? {
            Err(cause) if !is_denied(&cause) => Err(self.at("").not_listed(&cause)),
            Ok(_) | Err(_) => {
                self.bucket.store(true, Ordering::Relaxed);
                Ok(())
            }
        }
    }
}

/// `found` without the empty objects by which some programs mark a folder that others lie in.
fn without_markers(mut found: Vec<(String, About)>) -> Vec<(String, About)> {
    let folders: HashSet<String> = found
        .iter()
        .flat_map(|(name, _)| name.match_indices('/').map(|(at, _)| name[..at].to_owned()))
        .collect();
    found.retain(|(name, about)| about.size > 0 || !folders.contains(name));
    found
}
