//! How much memory may be taken: a few hundred bytes of a file can ask for gigabytes, and a failed allocation ends the
//! process. So whoever makes more of a file than the file holds asks here first.

/// The most that is made of small files, in bytes, however much memory there is.
pub const MOST: u64 = 1 << 30;

/// Bytes that there is always room for, where they are soon gone again.
const LITTLE: u64 = 64 << 20;

/// More than may be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("would take {} of memory, {} may be used", size(*.asked), size(*.budget))]
pub struct TooMuch {
    /// Bytes that were asked for.
    pub asked: u64,
    /// Bytes that may be held.
    pub budget: u64,
}

/// May `bytes` be kept that are made of `source` bytes of a file? As many as may be held, and for a large file four
/// times its size, while half of the memory that is left suffices.
///
/// # Errors
/// They may not.
pub fn fits(bytes: u64, source: u64) -> Result<(), TooMuch> {
    let half = available().map_or(u64::MAX, |left| left / 2);
    let budget = half.min(MOST.max(source.saturating_mul(4)));
    if bytes <= budget {
        return Ok(());
    }
    Err(TooMuch {
        asked: bytes,
        budget,
    })
}

/// As [`fits`], of what is soon gone again: the system, which takes as long to answer as a small model to run, is asked
/// about more than 64 MB alone.
///
/// # Errors
/// They may not.
pub fn fits_briefly(bytes: u64, source: u64) -> Result<(), TooMuch> {
    if bytes <= LITTLE {
        return Ok(());
    }
    fits(bytes, source)
}

/// A vector with room for `count` values.
///
/// # Errors
/// The room is not to be had.
pub fn room<T>(count: usize) -> Result<Vec<T>, TooMuch> {
    let asked = (count as u64).saturating_mul(size_of::<T>() as u64);
    let mut values = Vec::new();
    match values.try_reserve_exact(count) {
        Ok(()) => Ok(values),
        Err(_) => Err(TooMuch {
            asked,
            budget: available().unwrap_or(MOST).min(asked),
        }),
    }
}

/// "1.5 MB", "6.40 GB" (10^6 and 10^9 bytes).
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.2} GB", bytes as f64 / 1e9),
    }
}

/// Bytes that this process can still take: of the system's memory, its control group's and its own limit; `None` where
/// the system does not say.
pub fn available() -> Option<u64> {
    [system(), group(), limit()].into_iter().flatten().min()
}

/// The number after `key` in a file of lines, in bytes where it is followed by kB.
fn line(file: &str, key: &str) -> Option<u64> {
    let text = std::fs::read_to_string(file).ok()?;
    let rest = text.lines().find_map(|l| l.strip_prefix(key))?;
    let mut words = rest.split_whitespace();
    let number: u64 = words.next()?.parse().ok()?;
    let unit = if rest.trim_end().ends_with("kB") {
        1024
    } else {
        1
    };
    number.checked_mul(unit)
}

fn system() -> Option<u64> {
    line("/proc/meminfo", "MemAvailable:")
}

/// What is left of the control group's memory.
fn group() -> Option<u64> {
    let own = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = own.lines().find_map(|l| l.strip_prefix("0::"))?;
    let number = |name: &str| {
        let folders = [path.trim_start_matches('/'), ""];
        folders.iter().find_map(|folder| {
            let file = std::path::Path::new("/sys/fs/cgroup")
                .join(folder)
                .join(name);
            std::fs::read_to_string(file)
                .ok()?
                .trim()
                .parse::<u64>()
                .ok()
        })
    };
    Some(number("memory.max")?.saturating_sub(number("memory.current")?))
}

/// What is left of the process's own address space, where that is limited.
fn limit() -> Option<u64> {
    let most = line("/proc/self/limits", "Max address space")?;
    Some(most.saturating_sub(line("/proc/self/status", "VmSize:")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_file_may_make_more() {
        assert!(fits(1 << 20, 0).is_ok());
        let refused = fits(1 << 60, 1 << 20).expect_err("an exabyte");
        assert!(
            refused
                .to_string()
                .starts_with("would take 1152921504.61 GB"),
            "{refused}"
        );
        assert!(room::<u64>(usize::MAX / 8).is_err());
        assert_eq!(room::<u8>(10).map(|v| v.capacity()), Ok(10));
    }
}
