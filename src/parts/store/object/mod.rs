//! A store in object storage.

mod answer;
mod clouds;
mod connect;
mod failure;
mod pages;
mod wait;

use super::url::{Address, Kind};
use super::{About, Backend};
use crate::error::{Error, Result};
use crate::task::Task;
use clouds::connect;
use connect::Connection;
use failure::At;
use object_store::path::Path as Key;
use object_store::{Error as Cause, GetOptions, ObjectMeta, ObjectStoreExt, PutPayload};
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;
use wait::wait;

/// Content above this is written in parts.
const WHOLE: usize = 64 << 20;
/// Bytes of a part.
const PART: usize = 16 << 20;

/// A place in object storage.
pub(super) struct Objects {
    connection: Connection,
    kind: Kind,
    /// What names begin with, with a slash at its end; of a web server its address has it.
    base: String,
    /// As the user gave it.
    shown: String,
    /// Is the bucket known to be there?
    bucket: AtomicBool,
}

impl Objects {
    /// The place at `address`; it is not asked yet.
    ///
    /// # Errors
    /// Those of [`connect()`].
    pub(super) fn new(address: Address) -> Result<Self> {
        let base = match address.kind {
            Kind::Web => String::new(),
            _ if address.prefix.is_empty() => String::new(),
            _ => format!("{}/", address.prefix),
        };
        Ok(Self {
            connection: connect(&address)?,
            kind: address.kind,
            base,
            shown: address.shown,
            bucket: AtomicBool::new(false),
        })
    }

    fn key(&self, name: &str) -> Result<Key> {
        // Parsed, not encoded: the object has the very name.
        Key::parse(format!("{}{name}", self.base)).map_err(|e| {
            Error::request(
                format!("{name:?} is no name in object storage: {e}"),
                "Choose another name.",
            )
        })
    }

    /// Of which object and place a failure with `name` is told.
    fn at(&self, name: &str) -> At {
        let path = match name {
            "" => self.shown.clone(),
            name => format!("{}/{name}", self.shown),
        };
        At {
            path,
            host: self.connection.host.clone(),
            kind: self.kind,
            anonymous: self.connection.anonymous,
        }
    }

    /// Waits for `work` on `name`.
    fn wait<T>(
        &self,
        name: &str,
        task: &Task,
        work: impl Future<Output = Result<T, Cause>>,
    ) -> Result<T> {
        let done = wait(task, work)?;
        done.map_err(|cause| self.at(name).failed(&cause))
    }

    /// As [`Objects::wait`], with `None` where there is no such object; an error where there is no such bucket.
    fn wait_if_there<T>(
        &self,
        name: &str,
        work: impl Future<Output = Result<T, Cause>>,
    ) -> Result<Option<T>> {
        let work = async {
            match work.await {
                Ok(value) => Ok(Some(value)),
                Err(Cause::NotFound { .. }) => Ok(None),
                Err(cause) => Err(cause),
            }
        };
        let found = self.wait(name, &Task::of_thread(), work)?;
        if found.is_some() {
            self.bucket.store(true, Ordering::Relaxed);
        } else if !self.bucket.load(Ordering::Relaxed) {
            self.require_bucket()?;
        }
        Ok(found)
    }

    fn require_writable(&self, name: &str) -> Result<()> {
        if self.kind == Kind::Web {
            return Err(self.at(name).error(
                "a web server is only read",
                "Give a folder or a bucket to write to.",
            ));
        }
        Ok(())
    }

    async fn put_in_parts(&self, key: &Key, bytes: &[u8]) -> Result<(), Cause> {
        let mut upload = self.connection.store.put_multipart(key).await?;
        let mut written = Ok(());
        for part in bytes.chunks(PART) {
            written = upload.put_part(PutPayload::from(part.to_vec())).await;
            if written.is_err() {
                break;
            }
        }
        if written.is_ok() {
            written = upload.complete().await.map(drop);
        }
        if written.is_err() {
            // Parts that stay are paid for and seen by nobody; what went wrong first is what is told.
            let _ = upload.abort().await;
        }
        written
    }
}

impl Backend for Objects {
    fn host(&self) -> Option<String> {
        Some(self.connection.host.clone())
    }

    fn local(&self) -> Option<&Path> {
        None
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let key = self.key(name)?;
        self.wait_if_there(name, async {
            let bytes = self.connection.store.get(&key).await?.bytes().await?;
            Ok(Vec::from(bytes))
        })
    }

    fn span(&self, name: &str, range: Range<u64>, task: &Task) -> Result<Vec<u8>> {
        let key = self.key(name)?;
        let options = GetOptions::new().with_range(Some(range));
        self.wait(name, task, async {
            let bytes = self
                .connection
                .store
                .get_opts(&key, options)
                .await?
                .bytes()
                .await?;
            Ok(Vec::from(bytes))
        })
    }

    fn about(&self, name: &str) -> Result<Option<About>> {
        let key = self.key(name)?;
        let found = self.wait_if_there(name, self.connection.store.head(&key))?;
        Ok(found.map(|found| about_of(&found)))
    }

    fn list(&self, prefix: &str) -> Result<Vec<(String, About)>> {
        self.listed(prefix)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        self.require_writable(name)?;
        let key = self.key(name)?;
        // Not given up half-way: parts that stay are paid for and seen by nobody.
        self.wait(name, &Task::detached(), async {
            if bytes.len() > WHOLE {
                return self.put_in_parts(&key, bytes).await;
            }
            self.connection
                .store
                .put(&key, bytes.to_vec().into())
                .await
                .map(drop)
        })
    }

    fn delete(&self, name: &str) -> Result<()> {
        self.require_writable(name)?;
        let key = self.key(name)?;
        self.wait_if_there(name, self.connection.store.delete(&key))
            .map(drop)
    }

    fn missing(&self, name: &str) -> Error {
        self.at(name).missing()
    }
}

fn about_of(object: &ObjectMeta) -> About {
    let modified = SystemTime::from(object.last_modified);
    About {
        size: object.size,
        etag: object.e_tag.clone(),
        // A web server need not say it, and then it says 1970 here.
        modified: Some(modified).filter(|&at| at > SystemTime::UNIX_EPOCH),
    }
}
