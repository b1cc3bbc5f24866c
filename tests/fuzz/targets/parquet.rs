//! Parquet: embeddings, and tables of captions with pictures. A mutated footer gets its length and marks again, without
//! which nothing else of it is read.

#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use nearmiss_fuzz::{datasets, put, seeds, start};

const MARK: &[u8] = b"PAR1";

fuzz_target!(
    init: start(seeds::parquet),
    |data: &[u8]| {
        let path = put("rows.parquet", Some(data));
        datasets::matrix(&path);
        datasets::open(&path, &datasets::wanted(data.len() as u8));
    }
);

/// Where the footer begins; `None` where there is none.
fn footer(data: &[u8]) -> Option<usize> {
    let rest = data.strip_suffix(MARK)?;
    let (body, length) = rest.split_last_chunk::<4>()?;
    body.len().checked_sub(u32::from_le_bytes(*length) as usize)
}

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut random = fastrand::Rng::with_seed(u64::from(seed));
    let Some(start) = footer(&data[..size]).filter(|_| random.u8(..16) > 0) else {
        return fuzzer_mutate(data, size, max_size);
    };
    let end = size - 8;
    if random.bool() && start > 4 {
        // Places in the footer are counted from the beginning: the pages keep their lengths.
        for _ in 0..random.usize(1..5) {
            let at = random.usize(4..start);
            data[at] = if random.bool() {
                random.u8(..)
            } else {
                data[at] ^ 1 << random.u8(..8)
            };
        }
        return size;
    }
    let room = max_size.saturating_sub(start + 8);
    let mut part = vec![0; room.max(end - start)];
    part[..end - start].copy_from_slice(&data[start..end]);
    let long = fuzzer_mutate(&mut part, end - start, room).min(room);
    data[start..start + long].copy_from_slice(&part[..long]);
    data[start + long..start + long + 4].copy_from_slice(&(long as u32).to_le_bytes());
    data[start + long + 4..start + long + 8].copy_from_slice(MARK);
    start + long + 8
});
