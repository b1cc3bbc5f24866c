//! The order of the rows and columns.

use super::cluster::clusters;
use crate::compute::{Direction, Embeddings, Engine, Groups};
use crate::error::Result;
use crate::task::Task;
use std::ops::Range;

/// How images are ordered; captions follow their image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Order {
    /// As the dataset has it.
    #[default]
    Dataset,
    /// By cluster of the images, similar clusters and images next to each other.
    Cluster,
    /// Worst rank of the right caption first.
    Rank,
}

impl Order {
    /// Every order with its name and what it shows.
    pub const ALL: [(Self, &'static str, &'static str); 3] = [
        (
            Self::Dataset,
            "Dataset",
            "Rows and columns as the dataset has them",
        ),
        (
            Self::Cluster,
            "Clusters",
            "Images by k-means cluster, similar ones next to each other: concepts that are confused show as blocks",
        ),
        (
            Self::Rank,
            "Worst first",
            "Images by the rank of their right caption, the worst at the top",
        ),
    ];
}

/// Which image is at which row, and which caption at which column.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Arrangement {
    /// The image at each row.
    images: Vec<u32>,
    /// The row of each image.
    rows: Vec<u32>,
    /// Columns before the captions of the image at each row; one more than there are rows.
    starts: Vec<u32>,
    /// The first caption of the image at each row.
    firsts: Vec<u32>,
    /// Rows at which a cluster begins, 0 left out; empty where the order knows no clusters.
    pub bounds: Vec<u32>,
}

impl Arrangement {
    /// Images in the order of `images`, which holds every one once.
    pub fn new(images: Vec<u32>, groups: &Groups, bounds: Vec<u32>) -> Self {
        let mut rows = vec![0; images.len()];
        let (mut starts, mut firsts) = (vec![0], Vec::with_capacity(images.len()));
        let mut start = 0;
        for (row, &image) in images.iter().enumerate() {
            let own = groups.range(image as usize);
            rows[image as usize] = row as u32;
            firsts.push(own.start as u32);
            start += own.len() as u32;
            starts.push(start);
        }
        Self {
            images,
            rows,
            starts,
            firsts,
            bounds,
        }
    }

    /// The dataset's order.
    pub fn dataset(groups: &Groups) -> Self {
        Self::new((0..groups.images() as u32).collect(), groups, Vec::new())
    }

    /// By the rank of the best right caption, the worst first; then by margin, the smallest first; then by row.
    pub fn by_rank(direction: &Direction, groups: &Groups) -> Self {
        let mut images: Vec<u32> = (0..groups.images() as u32).collect();
        images.sort_by(|&a, &b| {
            let (a, b) = (a as usize, b as usize);
            let margins = direction.margin(a).total_cmp(&direction.margin(b));
            direction.ranks[b]
                .cmp(&direction.ranks[a])
                .then(margins)
                .then(a.cmp(&b))
        });
        Self::new(images, groups, Vec::new())
    }

    /// By cluster (see [`clusters`]), the nearest to the centre of its cluster first.
    ///
    /// # Errors
    /// A lost device, or cancellation.
    pub fn by_cluster(
        engine: &dyn Engine,
        embeddings: &Embeddings,
        groups: &Groups,
        task: &Task,
    ) -> Result<Self> {
        let found = clusters(engine, embeddings, None, task)?;
        let mut images: Vec<u32> = (0..groups.images() as u32).collect();
        images.sort_by(|&a, &b| {
            let (i, j) = (a as usize, b as usize);
            let nearer = found.closeness[j].total_cmp(&found.closeness[i]);
            found.of[i].cmp(&found.of[j]).then(nearer).then(a.cmp(&b))
        });
        let of = |row: usize| found.of[images[row] as usize];
        let begins = (1..images.len()).filter(|&row| of(row) != of(row - 1));
        let bounds = begins.map(|row| row as u32).collect();
        Ok(Self::new(images, groups, bounds))
    }

    /// Rows and columns.
    pub fn size(&self) -> [usize; 2] {
        [
            self.images.len(),
            self.starts.last().copied().unwrap_or(0) as usize,
        ]
    }

    /// The cluster that `row` lies in, from 0.
    pub fn cluster_of(&self, row: usize) -> usize {
        self.bounds.partition_point(|&bound| bound as usize <= row)
    }

    /// The rows of a cluster.
    pub fn cluster(&self, of: usize) -> Range<usize> {
        let bound = |at: usize| {
            self.bounds
                .get(at)
                .map_or(self.images.len(), |&b| b as usize)
        };
        let start = if of == 0 { 0 } else { bound(of - 1) };
        start..bound(of)
    }

    /// The image at `row`.
    pub fn image(&self, row: usize) -> u32 {
        self.images[row]
    }

    /// The row of `image`.
    pub fn row_of(&self, image: usize) -> Option<usize> {
        self.rows.get(image).map(|&row| row as usize)
    }

    /// The columns of the captions of the image at `row`.
    pub fn columns(&self, row: usize) -> Range<usize> {
        self.starts[row] as usize..self.starts[row + 1] as usize
    }

    /// The row of the image whose caption is at `column`.
    pub fn row_at(&self, column: usize) -> usize {
        self.starts
            .partition_point(|&start| start as usize <= column)
            - 1
    }

    /// The caption at `column`.
    pub fn caption(&self, column: usize) -> u32 {
        let row = self.row_at(column);
        self.firsts[row] + column as u32 - self.starts[row]
    }

    /// The images at every `step`-th row of `rows`.
    pub(super) fn images_in(&self, rows: Range<usize>, step: usize) -> Vec<u32> {
        rows.step_by(step).map(|row| self.images[row]).collect()
    }

    /// The captions at every `step`-th column of `columns`.
    pub(super) fn captions_in(&self, columns: Range<usize>, step: usize) -> Vec<u32> {
        let mut row = if columns.is_empty() {
            0
        } else {
            self.row_at(columns.start)
        };
        columns
            .step_by(step)
            .map(|column| {
                while self.starts[row + 1] as usize <= column {
                    row += 1;
                }
                self.firsts[row] + column as u32 - self.starts[row]
            })
            .collect()
    }
}
