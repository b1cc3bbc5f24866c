//! WebDataset archives. A mutated header gets its checksum again, without which nothing behind it is read.

#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use nearmiss_fuzz::{datasets, put, seeds, start};

const BLOCK: usize = 512;

fuzz_target!(
    init: start(seeds::tar),
    |data: &[u8]| {
        let path = put("00000.tar", Some(data));
        datasets::open(&path, &datasets::wanted(0));
    }
);

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let size = fuzzer_mutate(data, size, max_size);
    if seed % 8 > 0 {
        mend(&mut data[..size]);
    }
    size
});

/// Sets the checksum of every header, as far as their sizes lead.
fn mend(data: &mut [u8]) {
    let mut at = 0;
    while let Some(header) = data.get_mut(at..at + BLOCK) {
        if header.iter().all(|&b| b == 0) {
            return;
        }
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|&b| u32::from(b)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        let size = String::from_utf8_lossy(&header[124..136]).into_owned();
        let size = size.trim_matches(['\0', ' ']);
        let Ok(size) = usize::from_str_radix(size, 8) else {
            return;
        };
        at = at
            .saturating_add(BLOCK)
            .saturating_add(size.next_multiple_of(BLOCK));
    }
}
