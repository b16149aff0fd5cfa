//! The bounded queue between a backend and a receiver.

use std::collections::VecDeque;
#[cfg(unix)]
use std::io::{self, Read as _, Write as _};
#[cfg(unix)]
use std::os::fd::{AsFd as _, BorrowedFd};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
#[cfg(unix)]
use std::sync::OnceLock;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::{Notification, NotificationSink};

#[derive(Debug)]
struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
    capacity: usize,
    /// Made when the receiver is first asked for its file descriptor.
    #[cfg(unix)]
    signal: OnceLock<Signal>,
}

/// Two ends of a socket: one byte is on its way while notifications wait.
#[cfg(unix)]
#[derive(Debug)]
struct Signal {
    write: UnixStream,
    read: UnixStream,
}

#[cfg(unix)]
impl Signal {
    fn new() -> io::Result<Signal> {
        let (write, read) = UnixStream::pair()?;
        write.set_nonblocking(true)?;
        read.set_nonblocking(true)?;
        Ok(Signal { write, read })
    }

    /// A byte always fits: there is at most one.
    fn raise(&self) {
        let _ = (&self.write).write(&[1]);
    }

    fn lower(&self) {
        let _ = (&self.read).read(&mut [0]);
    }
}

impl Queue {
    /// After a notification came to none; the state is locked.
    fn raise(&self) {
        #[cfg(unix)]
        if let Some(signal) = self.signal.get() {
            signal.raise();
        }
    }

    /// Takes the next one that waits; the state is locked.
    fn pop(&self, state: &mut State) -> Option<Notification> {
        let next = state.waiting.pop_front()?;
        #[cfg(unix)]
        if let Some(signal) = self.signal.get().filter(|_| state.waiting.is_empty()) {
            signal.lower();
        }
        Some(next)
    }
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Notification>,
    dropped: u64,
    waker: Option<std::task::Waker>,
}

/// The sending end: holds the queue only as long as its receiver lives.
#[derive(Debug)]
struct QueueSink(Weak<Queue>);

impl NotificationSink for QueueSink {
    fn notify(&self, notification: &Notification) {
        let Some(queue) = self.0.upgrade() else { return };
        let mut state = queue.state.lock();
        if state.waiting.len() >= queue.capacity {
            state.dropped += 1;
            return;
        }
        state.waiting.push_back(notification.clone());
        if state.waiting.len() == 1 {
            queue.raise();
        }
        let waker = state.waker.take();
        drop(state);
        queue.arrived.notify_one();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn is_closed(&self) -> bool {
        self.0.strong_count() == 0
    }
}

/// Receives notifications in the order in which they happened.
///
/// It holds as many as it was made for; what comes while it is full is dropped and counted
/// ([`take_dropped`](Receiver::take_dropped)). Dropping the receiver ends the subscription.
#[derive(Debug)]
pub struct Receiver(Arc<Queue>);

/// A queue for up to `capacity` notifications (at least one): the sink for a backend, and the receiver.
pub fn channel(capacity: usize) -> (Arc<dyn NotificationSink>, Receiver) {
    let queue = Arc::new(Queue {
        state: Mutex::default(),
        arrived: Condvar::new(),
        capacity: capacity.max(1),
        #[cfg(unix)]
        signal: OnceLock::new(),
    });
    (Arc::new(QueueSink(Arc::downgrade(&queue))), Receiver(queue))
}

impl Receiver {
    /// The next notification, if one waits.
    pub fn try_recv(&self) -> Option<Notification> {
        self.0.pop(&mut self.0.state.lock())
    }

    /// The next notification; `None` if none comes within `timeout`.
    pub fn recv_timeout(&self, timeout: Duration) -> Option<Notification> {
        let deadline = Instant::now().checked_add(timeout);
        let mut state = self.0.state.lock();
        loop {
            if let Some(notification) = self.0.pop(&mut state) {
                return Some(notification);
            }
            match deadline {
                None => self.0.arrived.wait(&mut state),
                Some(at) if self.0.arrived.wait_until(&mut state, at).timed_out() => {
                    return self.0.pop(&mut state);
                }
                Some(_) => {}
            }
        }
    }

    /// The next notification for async code: registers the task to be woken when none waits.
    pub fn poll_recv(&self, cx: &mut std::task::Context<'_>) -> std::task::Poll<Notification> {
        let mut state = self.0.state.lock();
        match self.0.pop(&mut state) {
            Some(notification) => std::task::Poll::Ready(notification),
            None => {
                state.waker = Some(cx.waker().clone());
                std::task::Poll::Pending
            }
        }
    }

    /// The next notification for async code, with any runtime.
    pub async fn recv(&self) -> Notification {
        std::future::poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// A file descriptor that is readable while a notification waits, for `poll` and its like, in loops that
    /// wait for other things too. Nothing is to be read from it: [`try_recv`](Receiver::try_recv) takes what
    /// waits, and it becomes unreadable with the last.
    ///
    /// # Errors
    /// When the process has no file descriptor left.
    #[cfg(unix)]
    pub fn pollable_fd(&self) -> io::Result<BorrowedFd<'_>> {
        let state = self.0.state.lock();
        if self.0.signal.get().is_none() {
            let signal = Signal::new()?;
            if !state.waiting.is_empty() {
                signal.raise();
            }
            // The lock keeps others from being first.
            let _ = self.0.signal.set(signal);
        }
        drop(state);
        self.0.signal.get().map(|s| s.read.as_fd()).ok_or_else(|| io::ErrorKind::Other.into())
    }

    /// How many were dropped since the last call because the queue was full.
    pub fn take_dropped(&self) -> u64 {
        std::mem::take(&mut self.0.state.lock().dropped)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.0.state.lock().waiting.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The notifications as they come; the stream does not end.
#[cfg(feature = "stream")]
impl futures_core::Stream for Receiver {
    type Item = Notification;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Notification>> {
        self.poll_recv(cx).map(Some)
    }
}
