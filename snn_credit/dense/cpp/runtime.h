// What every generated program of the device `dense` stands on: random numbers, tables, spike
// histories, buffers of monitors. Included as it is into the generated file.

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <algorithm>
#include <vector>
#ifdef _OPENMP
#include <omp.h>
#endif
#if defined(__SSE__)
#include <xmmintrin.h>
#endif

// Brian's int(): towards zero; of a boolean 0 or 1.
template <typename T> static inline int int_(const T value) { return (int)value; }

// ---- random numbers: Philox 4x32-10 (Salmon et al. 2011), keyed by the seed -------------------

struct Words {
    uint32_t word[4];
};

static inline Words philox(uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3, uint64_t seed) {
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    for (int round = 0; round < 10; ++round) {
        const uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return Words{{c0, c1, c2, c3}};
}

// Uniform in [0, 1): 24 bits of one word for float, 53 bits of two words for double.
static inline float to_unit(uint32_t word) { return (float)(word >> 8) * 0x1p-24f; }
static inline double to_unit(uint32_t high, uint32_t low) {
    return ((double)(high >> 5) * 67108864.0 + (double)(low >> 6)) * 0x1p-53;
}

// The numbers of one operation in one time step: `call` tells its draws apart.
struct Source {
    uint64_t seed, step;
    uint32_t operation, call;

    Words words(uint64_t block) const {
        return philox((uint32_t)block, operation, (uint32_t)step,
                      (uint32_t)(step >> 32) ^ (call << 16) ^ ((uint32_t)(block >> 32) << 24), seed);
    }
    void uniform(int64_t index, float &out) const {
        out = to_unit(words((uint64_t)index >> 2).word[index & 3]);
    }
    void uniform(int64_t index, double &out) const {
        const Words w = words((uint64_t)index >> 1);
        const int lane = 2 * (int)(index & 1);
        out = to_unit(w.word[lane], w.word[lane + 1]);
    }
    template <typename T> void normal(int64_t index, T &out) const {  // Box and Muller 1958
        const Words w = words((uint64_t)index);
        const double radius = sqrt(-2.0 * log(1.0 - to_unit(w.word[0], w.word[1])));
        out = (T)(radius * cos(6.283185307179586 * to_unit(w.word[2], w.word[3])));
    }
    void fill_uniform(float *out, int64_t n) const {
        for (int64_t block = 0; block < (n + 3) / 4; ++block) {
            const Words w = words((uint64_t)block);
            for (int lane = 0; lane < 4; ++lane) out[4 * block + lane] = to_unit(w.word[lane]);
        }
    }
    void fill_uniform(double *out, int64_t n) const {
        for (int64_t block = 0; block < (n + 1) / 2; ++block) {
            const Words w = words((uint64_t)block);
            out[2 * block] = to_unit(w.word[0], w.word[1]);
            out[2 * block + 1] = to_unit(w.word[2], w.word[3]);
        }
    }
    template <typename T> void fill_normal(T *out, int64_t n) const {
        for (int64_t index = 0; index < n; ++index) normal(index, out[index]);
    }
};

// ---- tables: Brian's TimedArray ---------------------------------------------------------------

struct Table {
    const double *values;
    int64_t rows, columns;
    double dt;
    int64_t factor;

    inline int64_t row(double t) const {
        const int64_t found = (int64_t)((t / (dt / (double)factor) + 0.5) / (double)factor);
        return found < 0 ? 0 : found >= rows ? rows - 1 : found;
    }
    inline double at(double t) const { return values[row(t)]; }
    inline double at(double t, int64_t column) const {
        if (column < 0 || column >= columns) return NAN;
        return values[row(t) * columns + column];
    }
};

// ---- spikes under way -------------------------------------------------------------------------

struct Queue {
    uint8_t *history;         // (depth, sources): who had an event in which of the last steps
    int64_t depth, groups;    // groups of synapses with the same delay, the longest first
    const int32_t *delays;    // one for each group, in steps
    const int64_t *starts;    // (groups, sources + 1): where a source's synapses begin
    const int32_t *synapses;  // synapses by group and source; unused where all connect to all
};

struct List {
    const int32_t *index;
    int64_t size;
};

// Events of this step of the sources from `start` to `stop`, numbered from `start`.
static inline List events_between(const int32_t *events, int64_t n, int64_t start, int64_t stop,
                                  std::vector<int32_t> &room) {
    if (start == 0 && stop >= n) return List{events, events[n]};
    room.clear();
    for (int64_t e = 0; e < events[n]; ++e)
        if (events[e] >= start && events[e] < stop) room.push_back(events[e] - (int32_t)start);
    return List{room.data(), (int64_t)room.size()};
}

static inline void remember(const Queue &queue, int64_t step, List events, int64_t sources) {
    uint8_t *row = queue.history + (step % queue.depth) * sources;
    memset(row, 0, sources);
    for (int64_t e = 0; e < events.size; ++e) row[events.index[e]] = 1;
}

static inline List arriving(const Queue &queue, int64_t step, int64_t delay, int64_t sources,
                            std::vector<int32_t> &room) {
    room.clear();
    if (step < delay) return List{room.data(), 0};
    const uint8_t *row = queue.history + ((step - delay) % queue.depth) * sources;
    for (int64_t source = 0; source < sources; ++source)
        if (row[source]) room.push_back((int32_t)source);
    return List{room.data(), (int64_t)room.size()};
}

// ---- what monitors record ---------------------------------------------------------------------

struct Buffer {
    std::vector<char> bytes;
    template <typename T> inline void push(T value) {
        const size_t size = bytes.size();
        if (size + sizeof(T) > bytes.capacity())
            bytes.reserve(std::max<size_t>(2 * bytes.capacity(), 4096));
        bytes.resize(size + sizeof(T));
        memcpy(bytes.data() + size, &value, sizeof(T));
    }
};

// ---- one run ----------------------------------------------------------------------------------

struct Run {
    void **arrays;
    const int64_t *integers;
    const double *floats;
    const Table *tables;
    const Queue *queues;
    Buffer *buffers;
    std::vector<int32_t> *lists;
    uint64_t seed;
    int threads;
    std::vector<std::vector<char>> room;

    template <typename T> T *scratch(int slot, int64_t n) {
        std::vector<char> &bytes = room[slot];
        if (bytes.size() < (n + 8) * sizeof(T)) bytes.resize((n + 8) * sizeof(T));
        return (T *)bytes.data();
    }
};

// The elements of a loop do not touch each other's memory.
#if defined(__clang__)
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define INDEPENDENT _Pragma("GCC ivdep")
#else
#define INDEPENDENT
#endif

// Divides `n` rows or columns between threads, in whole cache lines. Threads pay only where there
// is much to do: starting them on a busy machine costs more than a small matrix.
template <typename Work>
static inline void share(const Run &run, int64_t synapses, int64_t n, const Work &work) {
    if (run.threads < 2 || synapses < 500000) {
        work(0, n);
        return;
    }
    const int64_t wide = ((n + run.threads - 1) / run.threads + 15) / 16 * 16;
#pragma omp parallel for schedule(static) num_threads(run.threads)
    for (int part = 0; part < run.threads; ++part)
        work(std::min<int64_t>(n, part * wide), std::min<int64_t>(n, (part + 1) * wide));
}

// Numbers too small for full precision are taken for 0 while a program runs, and only then.
struct FlushDenormals {
#if defined(__SSE__)
    unsigned before = _mm_getcsr();
    FlushDenormals() { _mm_setcsr(before | 0x8040); }
    ~FlushDenormals() { _mm_setcsr(before); }
#endif
};
