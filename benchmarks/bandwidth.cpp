// Bandwidth of the memory: a streaming read, and a read-modify-write, of an array of float32.
//
//     bandwidth MEGABYTES THREADS REPEATS
//
// prints two numbers in GB/s, the best of the repeats: bytes read by the first, bytes read and
// written by the second. Each thread has a part of the array to itself, which it also fills, so
// that the pages lie near it.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace {

constexpr std::size_t LANES = 64;  // sums that do not wait for one another

float read_part(const float* values, std::size_t n) {
    float sums[LANES] = {};
    for (std::size_t k = 0; k + LANES <= n; k += LANES)
        for (std::size_t lane = 0; lane < LANES; ++lane) sums[lane] += values[k + lane];
    float sum = 0;
    for (float one : sums) sum += one;
    return sum;
}

void rewrite_part(float* values, std::size_t n) {
    for (std::size_t k = 0; k < n; ++k) values[k] -= 0.5f;
}

// Runs one part on every thread; returns the seconds from the first start to the last end.
double timed(std::size_t threads, const std::function<void(std::size_t)>& part) {
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::thread> others;
    for (std::size_t k = 1; k < threads; ++k) others.emplace_back(part, k);
    part(0);
    for (auto& other : others) other.join();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    const std::size_t threads = std::strtoul(argv[2], nullptr, 10);
    const std::size_t part = std::strtoul(argv[1], nullptr, 10) * 1000000 / sizeof(float) / threads;
    const int repeats = std::atoi(argv[3]);
    // Not zeroed by new: the thread that reads a page is the first to touch it.
    const std::unique_ptr<float[]> values(new float[part * threads]);
    std::vector<float> sums(threads);
    timed(threads, [&](std::size_t k) {
        std::fill_n(values.get() + k * part, part, 1.0f);
    });
    double read = 1e30, rewrite = 1e30;
    for (int k = 0; k < repeats; ++k) {
        read = std::min(read, timed(threads, [&](std::size_t t) {
            sums[t] = read_part(values.get() + t * part, part);
        }));
        rewrite = std::min(rewrite, timed(threads, [&](std::size_t t) {
            rewrite_part(values.get() + t * part, part);
        }));
    }
    volatile float used = 0;  // so that no sum is left out
    for (float sum : sums) used = used + sum;
    const double bytes = static_cast<double>(part * threads * sizeof(float));
    std::printf("%.3f %.3f\n", bytes / read * 1e-9, 2 * bytes / rewrite * 1e-9);
}
