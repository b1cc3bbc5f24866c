//! The tiles that were made, as many as memory allows.

use super::tile::{Tile, TileKey};
use std::collections::HashMap;
use std::sync::Arc;

/// Tiles by level and place; the one that was not used for longest goes first.
#[derive(Debug, Clone)]
pub struct Pyramid {
    tiles: HashMap<TileKey, (Arc<Tile>, u64)>,
    bytes: usize,
    limit: usize,
    clock: u64,
}

impl Default for Pyramid {
    /// 192 MiB: about 340 whole tiles.
    fn default() -> Self {
        Self::new(192 << 20)
    }
}

impl Pyramid {
    /// Room for `limit` bytes of tiles.
    pub fn new(limit: usize) -> Self {
        Self {
            tiles: HashMap::new(),
            bytes: 0,
            limit,
            clock: 0,
        }
    }

    /// The tile at `key`.
    pub fn get(&self, key: TileKey) -> Option<&Arc<Tile>> {
        self.tiles.get(&key).map(|(tile, _)| tile)
    }

    /// Says that the tiles at `keys` are shown now, so that they stay.
    pub fn touch(&mut self, keys: &[TileKey]) {
        self.clock += 1;
        for key in keys {
            if let Some((_, used)) = self.tiles.get_mut(key) {
                *used = self.clock;
            }
        }
    }

    /// Adds a tile, unless one from more samples is there; returns the keys of those that had to go. Tiles shown since
    /// the last [`Pyramid::touch`] stay even where there is no room.
    pub fn insert(&mut self, key: TileKey, tile: Arc<Tile>) -> Vec<TileKey> {
        if self.get(key).is_some_and(|old| old.samples > tile.samples) {
            return Vec::new();
        }
        self.bytes += tile.bytes();
        if let Some((old, _)) = self.tiles.insert(key, (tile, self.clock)) {
            self.bytes -= old.bytes();
        }
        let mut gone = Vec::new();
        while self.bytes > self.limit {
            let old = self
                .tiles
                .iter()
                .filter(|(_, (_, used))| *used < self.clock);
            let oldest = old.min_by_key(|(key, (_, used))| (*used, **key));
            let Some(key) = oldest.map(|(key, _)| *key) else {
                break;
            };
            if let Some((tile, _)) = self.tiles.remove(&key) {
                self.bytes -= tile.bytes();
            }
            gone.push(key);
        }
        gone
    }

    /// Bytes of all tiles.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Tiles.
    pub fn len(&self) -> usize {
        self.tiles.len()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.tiles.is_empty()
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.tiles.clear();
        self.bytes = 0;
    }
}
