//! Requests to valgrind's memcheck. Outside of valgrind they do nothing.

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
compile_error!("the requests to valgrind are written for x86_64 and Linux");

use std::arch::asm;

/// Whether this program runs under valgrind.
pub(crate) fn is_running() -> bool {
    request(RUNNING_ON_VALGRIND, [0; 2]) != 0
}

/// Marks these bytes as undefined. Memcheck reports each branch and each index that depends on them,
/// or on anything that was computed from them.
pub(crate) fn mark(bytes: &[u8]) {
    request(MAKE_MEM_UNDEFINED, [bytes.as_ptr() as u64, bytes.len() as u64]);
}

/// Removes the mark from a value, because its recipient may know it: the verdict.
pub(crate) fn publish<T>(value: &T) {
    request(MAKE_MEM_DEFINED, [std::ptr::from_ref(value) as u64, size_of::<T>() as u64]);
}

/// Stops the reports, except in [`reported`].
pub(crate) fn stop_reports() {
    request(CHANGE_ERR_DISABLEMENT, [1, 0]);
}

/// Runs code whose branches and indices must not depend on what is marked, and returns the number of
/// reports.
pub(crate) fn reported<T>(run: impl FnOnce() -> T) -> (T, u64) {
    let before = request(COUNT_ERRORS, [0; 2]);
    request(CHANGE_ERR_DISABLEMENT, [u64::MAX, 0]);
    let result = run();
    request(CHANGE_ERR_DISABLEMENT, [1, 0]);
    (result, request(COUNT_ERRORS, [0; 2]) - before)
}

/// The instructions of `valgrind.h`: four rotations by 128 bits together, and an exchange of a
/// register with itself.
fn request(code: u64, args: [u64; 2]) -> u64 {
    let args = [code, args[0], args[1], 0, 0, 0];
    let mut result = 0_u64;
    // SAFETY: on a processor, the instructions change nothing but the flags. Valgrind reads `args`
    // and writes the result; no request changes the contents of memory.
    unsafe {
        asm!(
            "rol rdi, 3",
            "rol rdi, 13",
            "rol rdi, 61",
            "rol rdi, 51",
            "xchg rbx, rbx",
            in("rax") args.as_ptr(),
            inout("rdx") result,
            inout("rdi") 0_u64 => _,
        );
    }
    result
}

const RUNNING_ON_VALGRIND: u64 = 0x1001;
const COUNT_ERRORS: u64 = 0x1201;
const CHANGE_ERR_DISABLEMENT: u64 = 0x1801;
const MAKE_MEM_UNDEFINED: u64 = 0x4d43_0001;
const MAKE_MEM_DEFINED: u64 = 0x4d43_0002;
